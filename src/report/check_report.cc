#include "report/check_report.h"

#include <fmt/format.h>

#include <unordered_map>

namespace shoehorn::report {

using targets::Grade;
using targets::NodeAnswer;

targets::Refusal RefusalOf(const Answer& answer, const NodeAnswer& node) {
  if (node.refusal != nullptr) return *node.refusal;
  targets::Refusal refusal;
  const targets::Judgement& judgement = *answer.judgement;
  refusal.rule = judgement.judge + "." + node.node->op_type;
  refusal.found = node.words.empty() ? "the compiler left it to the CPU without a word" : node.words;
  refusal.accepted = "every rule holds; the compiler alone knows what it wants";
  refusal.source = judgement.version;
  return refusal;
}

Grade GradeOf(const NodeAnswer& node) {
  if (!node.judged || *node.judged == node.accepted_by_rules()) return node.grade;
  if (*node.judged) return Grade::kNative;
  return node.grade == Grade::kConditional ? Grade::kConditional : Grade::kUnsupported;
}

std::string OperatorName(const ir::Node& node) {
  return node.domain.empty() ? node.op_type : node.domain + "::" + node.op_type;
}

std::vector<Alike> GroupAlike(const Answer& answer, bool emulated) {
  std::vector<Alike> groups;
  std::unordered_map<std::string, size_t> index;
  for (const NodeAnswer& node : answer.check.nodes) {
    if (emulated ? node.grade != Grade::kEmulated || !node.accepted() : node.accepted()) continue;
    if (!emulated && answer.gone(node)) continue;
    targets::Refusal refusal = RefusalOf(answer, node);
    // The rule without accelerator and operator: "static_shape" means the same for each of them.
    const size_t dot = refusal.rule.rfind('.');
    std::string key = refusal.rule.find('.') == dot ? "" : refusal.rule.substr(dot);
    for (const std::string& part : {refusal.accepted, refusal.source, refusal.advice}) key += '\n' + part;
    for (const std::string& cure : refusal.cures) key += '\n' + cure;
    key += fmt::format("\n{}{}", static_cast<int>(GradeOf(node)), KnownFrom(node));
    const auto [at, fresh] = index.try_emplace(std::move(key), groups.size());
    if (fresh) groups.push_back({std::move(refusal), {}});
    groups[at->second].nodes.push_back(&node);
  }
  return groups;
}

std::string_view KnownFrom(const NodeAnswer& node) { return node.judged ? "judged" : "by rules"; }

size_t LeftUnsupported(const Answer& answer) {
  return static_cast<size_t>(std::ranges::count_if(answer.check.nodes, [&](const NodeAnswer& node) {
    const Grade grade = GradeOf(node);
    return !answer.gone(node) && (grade == Grade::kUnsupported || grade == Grade::kUnknown);
  }));
}

}  // namespace shoehorn::report
