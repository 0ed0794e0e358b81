// What a plan may not say, whoever wrote it: contradictions, limits that no run can keep, secrets over an
// open line.
#include <cmath>

#include "place/plan.h"
#include "support/units.h"

namespace shoehorn::place {
namespace {

struct Checker {
  const Plan& plan;
  std::string file;

  Diagnostic Wrong(std::string place, std::string found, std::string expected = {},
                   std::string fix = {}) const {
    Diagnostic diagnostic;
    diagnostic.file = file;
    diagnostic.place = std::move(place);
    diagnostic.found = std::move(found);
    diagnostic.expected = std::move(expected);
    diagnostic.fix = std::move(fix);
    return diagnostic;
  }

  Status CheckStage(const char* place, const Stage& stage) const {
    if (stage.threads < 1)
      return Wrong(std::string(place) + ".threads", std::to_string(stage.threads), "at least 1");
    if (stage.predicted_s < 0)
      return Wrong(std::string(place) + ".predicted_s", FormatNumber(stage.predicted_s), "at least 0");
    return Ok();
  }

  // "127.example.org" is a name that anybody may own.
  static bool IsLoopback(std::string_view host) {
    return host == "localhost" || host == "[::1]" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
  }

  Status CheckShape(const std::string& place, const std::vector<int64_t>& shape, int64_t least) const {
    for (const int64_t dim : shape)
      if (dim < least || dim > int64_t{1} << 40)
        return Wrong(place + ".shape", "the dimension " + std::to_string(dim),
                     least < 1 ? "a size, or -1 where it is open" : "a size of at least 1");
    return Ok();
  }

  Status CheckTail(const Tail& tail) const {
    const Endpoint& endpoint = tail.endpoint;
    const size_t colon = endpoint.address.rfind(':');
    const std::string port = colon == std::string::npos ? "" : endpoint.address.substr(colon + 1);
    if (colon == 0 || port.empty() || port.find_first_not_of("0123456789") != std::string::npos ||
        port.size() > 5)
      return Wrong("tail.endpoint.address", "'" + Escaped(endpoint.address) + "'", "\"host:port\"");
    if (endpoint.model.empty())
      return Wrong("tail.endpoint.model", "the name is empty", "the model's name on the server");
    if (!endpoint.token_env.empty() && !endpoint.token_file.empty())
      return Wrong("tail.endpoint", "both token_env and token_file", "one of them");
    const bool token = !endpoint.token_env.empty() || !endpoint.token_file.empty();
    if (token && !endpoint.tls && !IsLoopback(endpoint.address.substr(0, colon)))
      return Wrong("tail.endpoint.tls", "a token would cross the network in the open", "tls true",
                   "set tls, or leave the token out");
    if (!endpoint.ca_file.empty() && !endpoint.tls)
      return Wrong("tail.endpoint.ca_file", "certificates without tls", "tls true");
    if (tail.inputs.empty()) return Wrong("tail.inputs", "nothing crosses", "at least one tensor");
    if (tail.outputs.empty()) return Wrong("tail.outputs", "nothing comes back", "at least one tensor");
    for (size_t i = 0; i < tail.inputs.size(); ++i)
      SHOEHORN_TRY(CheckShape("tail.inputs[" + std::to_string(i) + "]", tail.inputs[i].shape, 1));
    for (size_t i = 0; i < tail.outputs.size(); ++i)
      SHOEHORN_TRY(CheckShape("tail.outputs[" + std::to_string(i) + "]", tail.outputs[i].shape, -1));
    return Ok();
  }

  Status CheckRule(const LinkRule& rule) const {
    if (!plan.fallback || !plan.tail)
      return Wrong("rule", "there is no tail to ask, or nothing that answers instead",
                   "a fallback and a tail");
    if (!(rule.limit_s > 0)) return Wrong("rule.limit_s", FormatNumber(rule.limit_s), "above 0");
    if (rule.most_open < 0) return Wrong("rule.most_open", std::to_string(rule.most_open), "0 or more");
    if (!(rule.memory_s > 0)) return Wrong("rule.memory_s", FormatNumber(rule.memory_s), "above 0");
    if (!(rule.probe_s > 0)) return Wrong("rule.probe_s", FormatNumber(rule.probe_s), "above 0");
    return Ok();
  }

  Status CheckEvents(const EventRule& rule) const {
    if (rule.when != "max_above" && rule.when != "min_below" && rule.when != "argmax_is")
      return Wrong("events.when", "'" + Escaped(rule.when) + "'", "max_above, min_below or argmax_is");
    if (rule.when_full != "drop_oldest" && rule.when_full != "drop_newest")
      return Wrong("events.when_full", "'" + Escaped(rule.when_full) + "'", "drop_oldest or drop_newest");
    if (rule.max_events < 1) return Wrong("events.max_events", std::to_string(rule.max_events), "at least 1");
    if (rule.queue.empty()) return Wrong("events.queue", "the name is empty", "a file beside the plan");
    if (!rule.token_env.empty() && !rule.token_file.empty())
      return Wrong("events", "both token_env and token_file", "one of them");
    const std::string_view url = rule.url;
    const bool open = url.starts_with("http://");
    if (open || url.starts_with("https://")) {
      const std::string_view authority = url.substr(open ? 7 : 8, url.find('/', 8) - (open ? 7 : 8));
      const std::string_view host =
          authority.substr(0, authority.find_last_of(":]") == std::string_view::npos ? authority.size()
                              : authority.starts_with('[')                           ? authority.find(']') + 1
                                                                                     : authority.find(':'));
      // In "localhost:1@example.org" the host is what follows the '@'.
      const bool plain = authority.find('@') == std::string_view::npos && !host.empty();
      if (plain && (!open || IsLoopback(host))) return Ok();
    }
    return Wrong("events.url", "'" + Escaped(rule.url) + "'", "an address that begins with https://",
                 "plain http is for this machine alone: http://127.0.0.1:8080/events");
  }

  Status Check() const {
    if (!(plan.deadline_s > 0)) return Wrong("deadline_s", FormatNumber(plan.deadline_s), "above 0");
    if (!(plan.rate_per_s > 0)) return Wrong("rate_per_s", FormatNumber(plan.rate_per_s), "above 0");
    if (plan.inputs.empty()) return Wrong("inputs", "the model has no inputs", "at least one");
    for (size_t i = 0; i < plan.inputs.size(); ++i)
      SHOEHORN_TRY(CheckShape("inputs[" + std::to_string(i) + "]", plan.inputs[i].shape, 1));
    if (!plan.head && !plan.tail) return Wrong("", "neither a head nor a tail", "one that answers");
    if (plan.head) SHOEHORN_TRY(CheckStage("head", *plan.head));
    if (plan.fallback) SHOEHORN_TRY(CheckStage("fallback", *plan.fallback));
    if (plan.tail) SHOEHORN_TRY(CheckTail(*plan.tail));
    if (plan.cascade && (!plan.fallback || !plan.tail))
      return Wrong("cascade", "there is no model on the device to ask first, or no tail to ask next",
                   "a fallback and a tail");
    if (plan.cascade && !(plan.cascade->threshold >= 0 && plan.cascade->threshold <= 1))
      return Wrong("cascade.threshold", FormatNumber(plan.cascade->threshold), "a probability, 0 to 1");
    if (plan.rule) SHOEHORN_TRY(CheckRule(*plan.rule));
    if (plan.events) SHOEHORN_TRY(CheckEvents(*plan.events));
    return Ok();
  }
};

}  // namespace

Status CheckPlan(const Plan& plan, const std::string& file) { return Checker{plan, file}.Check(); }

}  // namespace shoehorn::place
