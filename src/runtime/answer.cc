#include "runtime/answer.h"

#include <fmt/format.h>

#include <cmath>

#include "runtime/json_object.h"

namespace shoehorn::runtime {
namespace {

/// Floats are looked at in place; the rest is rare and small, and widened.
template <typename F>
auto WithNumbers(const ir::Tensor& tensor, const F& look) -> decltype(look(std::span<const float>())) {
  if (tensor.type() == ir::DataType::kFloat) return look(tensor.As<float>());
  const auto values = tensor.ToDoubles();
  return look(std::span<const double>(values ? *values : std::vector<double>()));
}

struct Extremes {
  double least = 0, greatest = 0;
  int64_t where = -1;  // of the greatest; -1: no number at all
};

Extremes ExtremesOf(const ir::Tensor& tensor) {
  return WithNumbers(tensor, [](const auto values) {
    Extremes extremes;
    for (size_t i = 0; i < values.size(); ++i) {
      const auto value = static_cast<double>(values[i]);
      if (std::isnan(value)) continue;
      if (extremes.where < 0 || value > extremes.greatest) {
        if (extremes.where < 0) extremes.least = value;
        extremes.greatest = value;
        extremes.where = static_cast<int64_t>(i);
      }
      extremes.least = std::min(extremes.least, value);
    }
    return extremes;
  });
}

double Rounded(double milliseconds) { return std::round(milliseconds * 1000) / 1000; }

std::string Describe(const ir::Tensor& tensor, bool values) {
  JsonObject json;
  json.Add("type", ir::NameOf(tensor.type())).Add("shape", tensor.dims());
  if (const Extremes extremes = ExtremesOf(tensor); extremes.where >= 0)
    json.Add("argmax", extremes.where).Add("max", extremes.greatest);
  if (values)
    if (const auto numbers = tensor.ToDoubles()) json.Add("values", *numbers);
  return std::move(json).Text();
}

}  // namespace

std::string_view NameOf(By by) {
  switch (by) {
    case By::kTail:
      return "tail";
    case By::kDevice:
      return "device";
    case By::kFallback:
      return "fallback";
    case By::kNone:
      break;
  }
  return "none";
}

std::string UtcText(std::chrono::system_clock::time_point time) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const auto seconds = static_cast<time_t>(since / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, since % 1000);
}

std::string OutputsJson(const Tensors& outputs, bool values) {
  JsonObject json;
  for (const auto& [name, tensor] : outputs) json.AddJson(name, Describe(tensor, values));
  return std::move(json).Text();
}

std::string AnswerLine(const Answer& answer) {
  JsonObject json;
  json.Add("frame", answer.frame).Add("arrived", UtcText(answer.arrived));
  if (!answer.id.empty()) json.Add("id", answer.id);
  json.Add("by", NameOf(answer.by))
      .Add("latency_ms", Rounded(answer.latency_s * 1e3))
      .Add("late", answer.late);
  if (!answer.why.empty()) json.Add("why", answer.why);
  json.Add("engine_ms", Rounded(answer.engine_s * 1e3));
  if (answer.wire_s > 0) json.Add("wire_ms", Rounded(answer.wire_s * 1e3));
  json.Add("own_ms", Rounded(answer.own_s * 1e3));
  if (!answer.event.empty()) json.Add("event", answer.event).Add("event_kept", answer.event_kept);
  return std::move(json.AddJson("outputs", answer.outputs)).Text() + "\n";
}

bool IsEvent(const place::EventRule& rule, const Tensors& outputs) {
  const auto output = outputs.find(rule.output);
  if (output == outputs.end()) return false;
  const Extremes extremes = ExtremesOf(output->second);
  if (extremes.where < 0) return false;
  if (rule.when == "max_above") return extremes.greatest > rule.value;
  if (rule.when == "min_below") return extremes.least < rule.value;
  return static_cast<double>(extremes.where) == rule.value;
}

std::string EventBody(const place::EventRule& rule, const Answer& answer) {
  JsonObject json, met;
  met.Add("output", rule.output).Add("when", rule.when).Add("value", rule.value);
  json.Add("frame", answer.frame).Add("arrived", UtcText(answer.arrived));
  if (!answer.id.empty()) json.Add("id", answer.id);
  json.Add("by", NameOf(answer.by)).AddJson("rule", std::move(met).Text());
  return std::move(json.AddJson("outputs", answer.outputs)).Text();
}

}  // namespace shoehorn::runtime
