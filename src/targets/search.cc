#include "targets/search.h"

#include <queue>
#include <tuple>
#include <unordered_set>

#include "formats/onnx.h"
#include "passes/runner.h"

namespace shoehorn::targets {
namespace {

/// What tidies up after a repair. None of these puts together what a repair took apart.
constexpr const char* kTidy[] = {"eliminate_noop",
                                 "cancel_transposes",
                                 "merge_reshapes",
                                 "merge_slices",
                                 "eliminate_common_subexpressions",
                                 "eliminate_dead"};

/// Sequences longer than this are not tried: no cure of a cure of a cure is that deep.
constexpr size_t kMostSteps = 24;

struct State {
  std::shared_ptr<const ir::Model> model;
  CheckResult check;
  Score score;
  std::vector<RepairStep> steps;
};

bool Names(const NodeAnswer& answer, const std::string& pass) {
  return !answer.accepted() && answer.refusal != nullptr &&
         std::ranges::find(answer.refusal->cures, pass) != answer.refusal->cures.end();
}

/// The passes that refusals name, in the order of the model; pinning is no search's business.
std::vector<std::string> ActionsOf(const CheckResult& check) {
  std::vector<std::string> actions;
  for (const NodeAnswer& answer : check.nodes) {
    if (answer.accepted() || answer.refusal == nullptr) continue;
    for (const std::string& cure : answer.refusal->cures)
      if (passes::FindPass(cure) != nullptr && cure != "pin_shapes" &&
          std::ranges::find(actions, cure) == actions.end())
        actions.push_back(cure);
  }
  return actions;
}

void AddWords(std::vector<std::string>& words, const std::string& list) {
  if (std::ranges::find(words, list) == words.end()) words.push_back(list);
}

/// `state` after `pass`; nothing when the pass found nothing to do.
Result<std::optional<State>> Apply(const State& state, const std::string& pass, const Oracle& oracle) {
  std::shared_ptr<ir::Model> model = ir::Clone(*state.model);
  std::unordered_set<const ir::Node*> wanted;
  for (const NodeAnswer& answer : oracle(*model).nodes)
    if (Names(answer, pass)) wanted.insert(answer.node);
  if (wanted.empty()) return std::optional<State>();

  const auto types = formats::MakeTypeInference(*model);
  std::vector<passes::Rewrite> log;
  passes::PassContext context;
  context.types = types.get();
  context.log = &log;
  context.wanted = [&](const ir::Node& node) { return wanted.contains(&node); };
  passes::Runner runner(context, {});
  SHOEHORN_ASSIGN(const bool changed, runner.Run(*passes::FindPass(pass), *model->graph));
  if (!changed) return std::optional<State>();
  RepairStep step;
  step.pass = pass;
  step.rewrites = log.size();
  for (const passes::Rewrite& rewrite : log) AddWords(step.nodes, rewrite.node);
  if (const char* error = passes::FindPass(pass)->error) step.error = error;
  context.wanted = nullptr;
  for (const char* tidy : kTidy) {
    SHOEHORN_ASSIGN([[maybe_unused]] const bool tidied, runner.Run(*passes::FindPass(tidy), *model->graph));
  }

  State next;
  next.model = model;
  next.check = oracle(*model);
  next.score = ScoreOf(next.check);
  step.before = state.check.summary;
  step.after = next.check.summary;
  next.steps = state.steps;
  next.steps.push_back(std::move(step));
  return std::optional<State>(std::move(next));
}

/// Equal for models that differ in nothing a target looks at first: operators, their order and shapes.
size_t Fingerprint(const ir::Model& model) {
  size_t hash = 0;
  const auto mix = [&](size_t value) { hash = hash * 1'000'003 + value; };
  for (const ir::Node& node : model.graph->nodes()) {
    mix(std::hash<std::string>()(node.op_type));
    for (const ir::Value* output : node.outputs())
      if (output != nullptr)
        for (const ir::Dim& dim : output->type.dims) mix(static_cast<size_t>(dim.value));
  }
  return hash;
}

/// The steps of `names` one after the other; those that find nothing to do fall out.
Result<State> Replay(const State& start, const std::vector<std::string>& names, const Oracle& oracle,
                     size_t& tries) {
  State state = start;
  for (const std::string& name : names) {
    SHOEHORN_ASSIGN(std::optional<State> next, Apply(state, name, oracle));
    ++tries;
    if (next) state = std::move(*next);
  }
  return state;
}

/// Drops every step without which the result is as good.
Result<State> Minimize(const State& start, State best, const Oracle& oracle, size_t& tries) {
  for (size_t i = best.steps.size(); i-- > 0;) {
    if (best.steps.size() < 2) break;
    std::vector<std::string> names;
    for (size_t k = 0; k < best.steps.size(); ++k)
      if (k != i) names.push_back(best.steps[k].pass);
    SHOEHORN_ASSIGN(State without, Replay(start, names, oracle, tries));
    if (!best.score.BetterThan(without.score)) best = std::move(without);
    i = std::min(i, best.steps.size());
  }
  return best;
}

}  // namespace

Score ScoreOf(const CheckResult& check) {
  Score score{check.summary.cpu_operators, check.summary.islands, 0, check.nodes.size()};
  for (const Crossing& crossing : check.crossings)
    score.crossing_bytes += std::max<int64_t>(0, crossing.bytes);
  return score;
}

Result<Repaired> SearchRepairs(const ir::Model& model, const Oracle& oracle, size_t most_tries) {
  State start;
  start.model = ir::Clone(model);
  start.check = oracle(*start.model);
  start.score = ScoreOf(start.check);

  const auto worse = [](const std::shared_ptr<State>& a, const std::shared_ptr<State>& b) {
    return a->score > b->score;
  };
  std::priority_queue<std::shared_ptr<State>, std::vector<std::shared_ptr<State>>, decltype(worse)> queue(
      worse);
  std::unordered_set<size_t> seen = {Fingerprint(*start.model)};
  queue.push(std::make_shared<State>(start));
  State best = start;
  Repaired result;
  while (!queue.empty() && !best.score.perfect() && result.tries < most_tries) {
    const std::shared_ptr<State> state = queue.top();
    queue.pop();
    if (state->steps.size() >= kMostSteps) continue;
    for (const std::string& action : ActionsOf(state->check)) {
      if (++result.tries > most_tries) break;
      SHOEHORN_ASSIGN(std::optional<State> next, Apply(*state, action, oracle));
      if (!next || !seen.insert(Fingerprint(*next->model)).second) continue;
      if (next->score.BetterThan(best.score) || (!best.steps.empty() && !best.score.BetterThan(next->score) &&
                                                 next->score.nodes < best.score.nodes))
        best = *next;
      queue.push(std::make_shared<State>(std::move(*next)));
    }
  }
  result.gave_up = !queue.empty() && !best.score.perfect() && result.tries >= most_tries;
  SHOEHORN_ASSIGN(best, Minimize(start, std::move(best), oracle, result.tries));
  result.model = ir::Clone(*best.model);
  result.steps = std::move(best.steps);
  return result;
}

}  // namespace shoehorn::targets
