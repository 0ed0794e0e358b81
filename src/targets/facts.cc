#include "targets/facts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "targets/compare.h"

namespace shoehorn::targets {
namespace {

std::string TypeText(const ir::Value* value) {
  if (value == nullptr) return "-";
  std::string text =
      fmt::format("{}{}", ir::NameOf(value->type.element), value->constant() != nullptr ? "c" : "");
  for (const ir::Dim& dim : value->type.dims) text += fmt::format(",{}", dim.value);
  return text;
}

std::string AttributeText(const ir::AttributeValue& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_arithmetic_v<Held>)
          return fmt::format("{}", held);
        else if constexpr (std::is_same_v<Held, std::string>)
          return held;
        else if constexpr (std::is_same_v<Held, std::vector<int64_t>> ||
                           std::is_same_v<Held, std::vector<float>>)
          return fmt::format("{}", fmt::join(held, ","));
        else
          return "";
      },
      value);
}

/// Equal for nodes that a compiler cannot tell apart but by their neighbours: name, operator, attributes,
/// types.
std::string Signature(const ir::Node& node) {
  std::string text = JudgedName(node) + "|" + node.op_type;
  for (const ir::Attribute& attribute : node.attributes())
    text += "|" + attribute.name + "=" + AttributeText(attribute.value);
  for (const ir::Value* input : node.inputs()) text += "|" + TypeText(input);
  for (const ir::Value* output : node.outputs()) text += ">" + TypeText(output);
  return text;
}

/// Every cure that the table knows for an operator.
std::vector<std::string> CuresOf(const Accelerator& accelerator, const ir::Node& node) {
  std::vector<std::string> cures;
  const auto add = [&](const std::vector<std::string>& more) {
    for (const std::string& cure : more)
      if (std::ranges::find(cures, cure) == cures.end()) cures.push_back(cure);
  };
  for (const OperatorRow& row : accelerator.rows) {
    if (std::ranges::find(row.op_types, node.op_type) == row.op_types.end()) continue;
    add(row.cures);
    for (const Rule& rule : row.rules) add(rule.cures);
  }
  return cures;
}

}  // namespace

void Facts::Learn(const ir::Model& model, const Judgement& judgement) {
  std::unordered_map<std::string, const JudgedNode*> judged;
  for (const JudgedNode& node : judgement.nodes) judged.emplace(node.name, &node);
  for (const ir::Node& node : model.graph->nodes()) {
    const auto found = judged.find(JudgedName(node));
    if (found == judged.end() || found->second->op_type != node.op_type) continue;
    facts_[Signature(node)] = {found->second->accepted, found->second->words};
  }
}

void Facts::Apply(const ir::Model& model, CheckResult& result) const {
  if (facts_.empty()) return;
  for (NodeAnswer& answer : result.nodes) {
    const auto found = facts_.find(Signature(*answer.node));
    if (found == facts_.end()) continue;
    answer.judged = found->second.accepted;
    answer.words = found->second.words;
    if (found->second.accepted || answer.refusal != nullptr) continue;
    Refusal refusal;
    refusal.rule = result.accelerator->name + "." + answer.node->op_type;
    refusal.found = answer.words.empty() ? "the judge leaves it to the CPU" : answer.words;
    refusal.accepted = "what the judge takes";
    refusal.source = "the judge";
    refusal.cures = CuresOf(*result.accelerator, *answer.node);
    answer.refusal = std::make_shared<Refusal>(std::move(refusal));
  }
  Recount(model, result);
}

}  // namespace shoehorn::targets
