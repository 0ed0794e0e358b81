#include "passes/purity.h"

#include <unordered_set>

namespace shoehorn::passes {

bool HoldsGraphs(const ir::Node& node) {
  return std::ranges::any_of(node.attributes(), [](const ir::Attribute& attribute) {
    return std::holds_alternative<std::unique_ptr<ir::Graph>>(attribute.value) ||
           std::holds_alternative<std::vector<std::unique_ptr<ir::Graph>>>(attribute.value);
  });
}

bool IsPure(const ir::Node& node) {
  static const std::unordered_set<std::string_view> kRandom = {
      "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
      "Multinomial",  "Bernoulli",        "Dropout"};
  return node.domain.empty() && !kRandom.contains(node.op_type) && !HoldsGraphs(node);
}

}  // namespace shoehorn::passes
