// The list of accelerators, read from accelerators.def, what a rule may ask about a node, and the check that
// a table is sound.
#include <fmt/format.h>

#include <unordered_set>

#include "passes/pass.h"
#include "targets/rule.h"

namespace shoehorn::targets {

#define ACCELERATOR(function) const Accelerator& function();
#include "targets/accelerators.def"
#undef ACCELERATOR

namespace {

/// The DequantizeLinear that makes input `i`, or nullptr.
const ir::Node* DequantizeBefore(const ir::Node& node, size_t i) {
  const ir::Value* value = node.input(i);
  const ir::Node* producer = value != nullptr ? value->producer() : nullptr;
  return producer != nullptr && producer->op_type == "DequantizeLinear" ? producer : nullptr;
}

Diagnostic Unsound(const Accelerator& accelerator, const std::string& place, std::string found) {
  Diagnostic diagnostic;
  diagnostic.place = accelerator.name + (place.empty() ? "" : "." + place);
  diagnostic.found = std::move(found);
  diagnostic.blame = Blame::kFault;
  return diagnostic;
}

Status ValidateRules(const Accelerator& accelerator, const std::string& place,
                     const std::vector<Rule>& rules) {
  std::unordered_set<std::string> ids;
  for (const Rule& rule : rules) {
    if (!ids.insert(rule.id).second) return Unsound(accelerator, place, "two rules are called " + rule.id);
    if (rule.id.empty() || rule.sentence.empty() || !rule.broken)
      return Unsound(accelerator, place, "a rule lacks its id, sentence or test");
    for (const std::string& cure : rule.cures)
      if (passes::FindPass(cure) == nullptr && cure != "pin_shapes")
        return Unsound(accelerator, place + "." + rule.id, "the cure " + cure + " is no pass");
  }
  return Ok();
}

}  // namespace

std::string_view NameOf(Grade grade) {
  switch (grade) {
    case Grade::kNative:
      return "native";
    case Grade::kConditional:
      return "native if";
    case Grade::kEmulated:
      return "emulated";
    case Grade::kUnsupported:
      return "unsupported";
    case Grade::kUnknown:
      return "unknown";
  }
  return "";
}

bool Subject::Quantized(size_t i) const { return DequantizeBefore(node, i) != nullptr; }

ir::DataType Subject::ElementType(size_t i) const {
  const ir::Node* dequantize = DequantizeBefore(node, i);
  const ir::Value* value = dequantize != nullptr ? dequantize->input(0) : node.input(i);
  return value != nullptr ? value->type.element : ir::DataType::kUndefined;
}

const ir::Type* Subject::TypeOf(size_t i) const {
  return node.input(i) != nullptr ? &node.input(i)->type : nullptr;
}

std::optional<size_t> Subject::Rank(size_t i) const {
  const ir::Type* type = TypeOf(i);
  if (type == nullptr || !type->has_rank) return std::nullopt;
  return type->dims.size();
}

const std::vector<const Accelerator*>& AllAccelerators() {
  static const std::vector<const Accelerator*> all = {
#define ACCELERATOR(function) &function(),
#include "targets/accelerators.def"
#undef ACCELERATOR
  };
  return all;
}

const Accelerator* FindAccelerator(std::string_view name) {
  static const Accelerator unknown = {.name = std::string(kUnknownRules),
                                      .title = "an accelerator without support rules",
                                      .runtime = "no version",
                                      .source = "nobody wrote down what it takes"};
  if (name == kUnknownRules) return &unknown;
  for (const Accelerator* accelerator : AllAccelerators())
    if (accelerator->name == name) return accelerator;
  return nullptr;
}

std::vector<std::string> RuleNames() {
  std::vector<std::string> names;
  for (const Accelerator* accelerator : AllAccelerators()) names.push_back(accelerator->name);
  names.emplace_back(kUnknownRules);
  return names;
}

Status Validate(const Accelerator& accelerator) {
  if (accelerator.source.empty()) return Unsound(accelerator, "", "the table names no source");
  SHOEHORN_TRY(ValidateRules(accelerator, "everywhere", accelerator.everywhere));
  std::unordered_set<std::string> operators;
  for (const OperatorRow& row : accelerator.rows) {
    for (const std::string& op_type : row.op_types)
      if (!operators.insert(op_type).second)
        return Unsound(accelerator, op_type, "the operator has two rows");
    SHOEHORN_TRY(ValidateRules(accelerator, row.op_types.front(), row.rules));
    for (const std::string& cure : row.cures)
      if (passes::FindPass(cure) == nullptr)
        return Unsound(accelerator, row.op_types.front(), "the cure " + cure + " is no pass");
    if (row.grade != Grade::kNative && row.remark.empty())
      return Unsound(accelerator, row.op_types.front(), "a grade that is not native wants a remark");
  }
  return Ok();
}

}  // namespace shoehorn::targets
