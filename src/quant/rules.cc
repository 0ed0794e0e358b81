// What the tables of all engines share: their list, and the predicates.
#include "quant/rules.h"

#include <algorithm>
#include <array>

namespace shoehorn::quant {
namespace {

bool IsConstantFloat(const ir::Value* value) {
  return value != nullptr && value->constant() != nullptr &&
         value->constant()->type() == ir::DataType::kFloat;
}

}  // namespace

const Rule* EngineRules::Find(const ir::Node& node) const {
  if (!node.domain.empty()) return nullptr;
  const Rule* last = nullptr;
  for (const Rule& rule : rules) {
    if (node.op_type != rule.op_type) continue;
    last = &rule;
    if (rule.applies(node).empty()) break;
  }
  return last;
}

std::span<const EngineRules> AllEngineRules() {
  static const std::array<EngineRules, 3> all = {OnnxRuntimeRules(), OpenVinoRules(), QnnHtpRules()};
  return all;
}

const EngineRules* FindEngineRules(std::string_view engine) {
  const auto all = AllEngineRules();
  const auto found =
      std::ranges::find_if(all, [&](const EngineRules& rules) { return rules.engine == engine; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<size_t> Operands(const ir::Node& node, const Rule& rule) {
  const bool first_only = rule.part == Part::kWeighted || rule.part == Part::kShared || node.Is("Clip");
  size_t count = first_only ? 1 : node.inputs().size();
  if (rule.part == Part::kNormalization) count = std::min<size_t>(count, 2);
  std::vector<size_t> operands;
  for (size_t i = 0; i < count; ++i)
    if (node.input(i) != nullptr && node.input(i)->type.element == ir::DataType::kFloat)
      operands.push_back(i);
  return operands;
}

ir::Value& PairedOutput(const ir::Node& node, const Rule& rule) {
  ir::Value& own = *node.output();
  const bool computes =
      rule.part == Part::kWeighted || rule.part == Part::kFollower || rule.part == Part::kNormalization;
  if (!computes || !own.has_single_use()) return own;
  const ir::Node& user = *own.uses()[0].node;
  if (user.Is("Relu")) return *user.output();
  if (!user.Is("Clip") || user.input(0) != &own) return own;
  for (size_t limit = 1; limit <= 2; ++limit)
    if (user.input(limit) != nullptr && !IsConstantFloat(user.input(limit))) return own;
  return *user.output();
}

std::string Always(const ir::Node&) { return {}; }

std::string ConstantWeights(const ir::Node& node) {
  const ir::Value* weights = node.input(1);
  if (!IsConstantFloat(weights)) return "its weights are not a constant of type float";
  if (weights->constant()->rank() < 2) return "its weights are a vector";
  if (node.Is("MatMul") && weights->constant()->rank() != 2) return "its weights are a stack of matrices";
  if (node.input(2) != nullptr && !IsConstantFloat(node.input(2))) return "its bias is not constant";
  return {};
}

std::string PlainGemm(const ir::Node& node) {
  if (std::string why = ConstantWeights(node); !why.empty()) return why;
  if (node.Float("alpha", 1) != 1 || (node.input(2) != nullptr && node.Float("beta", 1) != 1))
    return "its alpha or beta is not 1";
  if (node.Int("transA") != 0) return "its input is transposed";
  if (const ir::Value* bias = node.input(2)) {
    const ir::Shape& weights = node.input(1)->constant()->dims();
    const int64_t outputs = node.Int("transB") != 0 ? weights[0] : weights[1];
    if (bias->constant()->count() != outputs) return "its bias is not one number an output";
  }
  return {};
}

std::string OnlyActivations(const ir::Node& node) {
  for (const ir::Value* input : node.inputs())
    if (input != nullptr && input->constant() != nullptr) return "one of its inputs is constant";
  return {};
}

std::string NearestResize(const ir::Node& node) {
  return node.String("mode", "nearest") == "nearest" ? "" : "it interpolates";
}

}  // namespace shoehorn::quant
