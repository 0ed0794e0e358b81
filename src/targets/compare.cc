#include "targets/compare.h"

#include <unordered_map>

namespace shoehorn::targets {
namespace {

std::string KeyOf(const ir::Node& node) {
  if (!node.name.empty()) return node.name;
  const ir::Value* output = node.output();
  return output != nullptr ? output->name() : "";
}

}  // namespace

Agreement Compare(const CheckResult& rules, const Judgement& judgement) {
  std::unordered_map<std::string, const NodeAnswer*> answers;
  for (const NodeAnswer& answer : rules.nodes) answers.emplace(KeyOf(*answer.node), &answer);
  Agreement agreement;
  for (const JudgedNode& judged : judgement.nodes) {
    const auto found = answers.find(judged.name);
    if (found == answers.end() || found->second->node->op_type != judged.op_type) continue;
    const NodeAnswer& answer = *found->second;
    ++agreement.compared;
    if (answer.grade == Grade::kUnknown) {
      ++agreement.unknown;
    } else if (answer.accepted() == judged.accepted) {
      ++agreement.agreed;
      continue;
    }
    agreement.disagreements.push_back(
        {judged.name, judged.op_type, answer.refusal == nullptr ? std::string("native") : Sentence(answer),
         judged.accepted ? "taken" : "left to the CPU" + (judged.words.empty() ? "" : ": " + judged.words)});
  }
  return agreement;
}

}  // namespace shoehorn::targets
