#include "targets/compare.h"

#include <unordered_map>

namespace shoehorn::targets {
std::string JudgedName(const ir::Node& node) {
  if (!node.name.empty()) return node.name;
  const ir::Value* output = node.output();
  return output != nullptr ? output->name() : "";
}

Agreement Compare(const CheckResult& rules, const Judgement& judgement) {
  std::unordered_map<std::string, const NodeAnswer*> answers;
  for (const NodeAnswer& answer : rules.nodes) answers.emplace(JudgedName(*answer.node), &answer);
  Agreement agreement;
  for (const JudgedNode& judged : judgement.nodes) {
    const auto found = answers.find(judged.name);
    if (found == answers.end() || found->second->node->op_type != judged.op_type) continue;
    const NodeAnswer& answer = *found->second;
    ++agreement.compared;
    if (answer.grade == Grade::kUnknown) {
      ++agreement.unknown;
    } else if (answer.accepted_by_rules() == judged.accepted) {
      ++agreement.agreed;
      continue;
    }
    agreement.disagreements.push_back(
        {judged.name, judged.op_type,
         answer.accepted_by_rules() ? std::string(NameOf(answer.grade)) : Sentence(answer),
         judged.accepted ? "taken" : "left to the CPU" + (judged.words.empty() ? "" : ": " + judged.words)});
  }
  return agreement;
}

void Adopt(const Judgement& judgement, const ir::Model& model, CheckResult& result) {
  std::unordered_map<std::string, const JudgedNode*> judged;
  for (const JudgedNode& node : judgement.nodes) judged.emplace(node.name, &node);
  for (NodeAnswer& answer : result.nodes) {
    const auto found = judged.find(JudgedName(*answer.node));
    if (found == judged.end() || found->second->op_type != answer.node->op_type) continue;
    answer.judged = found->second->accepted;
    answer.words = found->second->words;
  }
  Recount(model, result);
  if (judgement.died) return;
  result.summary.islands = judgement.islands;
  result.summary.cpu_operators = judgement.cpu_operators;
}

}  // namespace shoehorn::targets
