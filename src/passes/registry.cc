// The list of passes, read from passes.def, and what every pass may ask of its context.
#include <deque>

#include "passes/pass.h"

namespace shoehorn::passes {

// Declared here and not in pass.h, so that a new pass compiles two files and not all of them.
#define PASS(name, function, sentence) Result<bool> function(ir::Graph& graph, PassContext& context);
#define REPAIR(name, function, sentence, error) PASS(name, function, sentence)
#include "passes/passes.def"
#undef REPAIR
#undef PASS

const std::vector<Pass>& AllPasses() {
  static const std::vector<Pass> passes = {
#define PASS(name, function, sentence) {#name, sentence, function},
#define REPAIR(name, function, sentence, error) {#name, sentence, function, true, error},
#include "passes/passes.def"
#undef REPAIR
#undef PASS
  };
  return passes;
}

const Pass* FindPass(std::string_view name) {
  for (const Pass& pass : AllPasses())
    if (name == pass.name) return &pass;
  return nullptr;
}

Result<const Pass*> RequirePass(std::string_view name) {
  if (const Pass* pass = FindPass(name)) return pass;
  std::vector<std::string> names;
  for (const Pass& pass : AllPasses()) names.emplace_back(pass.name);
  Diagnostic diagnostic;
  diagnostic.place = "pass '" + Escaped(name) + "'";
  diagnostic.found = "there is no such pass";
  diagnostic.expected = "a name listed in docs/passes.md";
  if (const std::string near = DidYouMean(name, names); !near.empty())
    diagnostic.fix = "did you mean '" + near + "'?";
  return diagnostic;
}

std::string PassesManual() {
  std::string text =
      "# Passes\n\n"
      "Every rewrite that Shoehorn knows, one file each in `src/passes`. Each keeps the names of the model's "
      "inputs and\n"
      "outputs, and its numbers within 1e-4 relative where nothing else is said. This page is generated "
      "from\n"
      "`src/passes/passes.def`; a test compares the two.\n\n"
      "## Simplification\n\n"
      "What `shoehorn simplify` and `shoehorn fit` run, in the order of `src/passes/pipeline.cc`.\n\n"
      "| pass | what it does |\n|---|---|\n";
  for (const Pass& pass : AllPasses())
    if (!pass.repair) text += "| `" + std::string(pass.name) + "` | " + pass.sentence + " |\n";
  text +=
      "\n## Repairs\n\n"
      "What `shoehorn check` proposes for operators that a target refuses, and keeps where the answer got "
      "better.\n\n"
      "| pass | what it does | numbers |\n|---|---|---|\n";
  for (const Pass& pass : AllPasses())
    if (pass.repair)
      text += "| `" + std::string(pass.name) + "` | " + pass.sentence + " | " +
              (pass.error != nullptr ? pass.error : "exact") + " |\n";
  return text;
}

void PassContext::Note(const ir::Node& node, std::string why) {
  if (log == nullptr) return;
  std::string names;
  for (const std::string& name : node.UserNames()) names += (names.empty() ? "" : ", ") + name;
  log->push_back({pass, std::move(names), std::move(why)});
}

Status PassContext::InferFrom(ir::Node& node) {
  std::deque<ir::Node*> pending = {&node};
  std::unordered_set<ir::Node*> queued = {&node};
  while (!pending.empty()) {
    ir::Node& next = *pending.front();
    pending.pop_front();
    queued.erase(&next);
    SHOEHORN_ASSIGN(const bool changed, types->InferNode(next));
    if (!changed) continue;
    for (const ir::Value* output : next.outputs()) {
      if (output == nullptr) continue;
      for (const ir::Use& use : output->uses())
        if (queued.insert(use.node).second) pending.push_back(use.node);
    }
  }
  return Ok();
}

Status PassContext::InferUsers(const ir::Value& value) {
  const std::vector<ir::Use> uses = value.uses();
  for (const ir::Use& use : uses) SHOEHORN_TRY(InferFrom(*use.node));
  return Ok();
}

}  // namespace shoehorn::passes
