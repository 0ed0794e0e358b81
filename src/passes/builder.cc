#include "passes/builder.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <type_traits>

#include "passes/rewrite.h"

namespace shoehorn::passes {

using ir::Attribute;
using ir::Node;
using ir::Tensor;
using ir::Value;

namespace {

/// Adds what is known of a value's dimensions by the one that it replaces.
void Learn(ir::Type& type, const ir::Type& old) {
  if (type.element != old.element || !old.has_rank) return;
  if (!type.has_rank) type = old;
  if (type.dims.size() != old.dims.size()) return;
  for (size_t i = 0; i < type.dims.size(); ++i)
    if (!type.dims[i].known() && (old.dims[i].known() || type.dims[i].symbol.empty()))
      type.dims[i] = old.dims[i];
}

}  // namespace

std::vector<Setting> SettingsOf(const Node& node, const std::vector<std::string_view>& without) {
  std::vector<Setting> settings;
  for (const Attribute& attribute : node.attributes()) {
    if (std::ranges::find(without, attribute.name) != without.end()) continue;
    const auto copy = [&]<typename T>(const T& value) {
      if constexpr (std::is_constructible_v<decltype(Setting::value), std::in_place_type_t<T>, T>)
        settings.push_back({attribute.name, value});
    };
    std::visit(copy, attribute.value);
  }
  return settings;
}

Node& Builder::Add(std::string_view op_type, const std::vector<Value*>& inputs, size_t outputs,
                   std::vector<Setting> settings) {
  std::string name = Label(anchor_) + "_";
  std::ranges::transform(op_type, std::back_inserter(name),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  std::vector<Value*> made;
  for (size_t i = 0; i < outputs; ++i) made.push_back(&anchor_.graph().AddValue(name));
  const std::string unique = made.front()->name();
  Node& node = anchor_.graph().AddNodeWithOutputs(op_type, inputs, std::move(made), &anchor_);
  node.name = unique;
  node.origins = anchor_.UserNames();
  for (Setting& setting : settings)
    std::visit([&](auto& value) { node.Set(setting.name, std::move(value)); }, setting.value);
  if (Status inferred = context_.InferFrom(node); status_.ok()) status_ = std::move(inferred);
  return node;
}

Value& Builder::Make(std::string_view op_type, const std::vector<Value*>& inputs,
                     std::vector<Setting> settings) {
  return *Add(op_type, inputs, 1, std::move(settings)).output();
}

Value& Builder::Constant(std::string_view suffix, Tensor tensor) {
  return NewConstant(anchor_, suffix, std::move(tensor));
}

Value& Builder::Ints(std::string_view suffix, const std::vector<int64_t>& numbers) {
  for (const auto& [known, constant] : ints_)
    if (known == numbers) return *constant;
  return *ints_.emplace_back(numbers, &Constant(suffix, Tensor::Ints(numbers))).second;
}

Value& Builder::Number(const Value& like, double number) {
  return Constant("_number", Tensor::FromDoubles(like.type.element, {}, {&number, 1}));
}

Value& Builder::Slice(Value& x, const std::vector<int64_t>& axes, const std::vector<int64_t>& starts,
                      const std::vector<int64_t>& ends, const std::vector<int64_t>& steps) {
  const bool stepped = std::ranges::any_of(steps, [](int64_t step) { return step != 1; });
  if (opset() < 10) {
    SHOEHORN_CHECK(!stepped, "Slice has no steps before opset 10");
    return Make("Slice", {&x}, {{"starts", starts}, {"ends", ends}, {"axes", axes}});
  }
  std::vector<Value*> inputs = {&x, &Ints("_starts", starts), &Ints("_ends", ends), &Ints("_axes", axes)};
  if (stepped) inputs.push_back(&Ints("_steps", steps));
  return Make("Slice", inputs);
}

Value& Builder::Squeeze(Value& x, const std::vector<int64_t>& axes) {
  if (opset() < 13) return Make("Squeeze", {&x}, {{"axes", axes}});
  return Make("Squeeze", {&x, &Ints("_axes", axes)});
}

Value& Builder::Unsqueeze(Value& x, const std::vector<int64_t>& axes) {
  if (opset() < 13) return Make("Unsqueeze", {&x}, {{"axes", axes}});
  return Make("Unsqueeze", {&x, &Ints("_axes", axes)});
}

Value& Builder::Reshape(Value& x, const std::vector<int64_t>& dims) {
  if (opset() < 5) return Make("Reshape", {&x}, {{"shape", dims}});
  return Make("Reshape", {&x, &Ints("_shape", dims)});
}

Value& Builder::Reduce(std::string_view op_type, Value& x, const std::vector<int64_t>& axes, bool keep) {
  std::vector<Setting> settings = {{"keepdims", int64_t{keep ? 1 : 0}}};
  if (opset() >= (op_type == "ReduceSum" ? 13 : 18))
    return Make(op_type, {&x, &Ints("_axes", axes)}, std::move(settings));
  settings.push_back({"axes", axes});
  return Make(op_type, {&x}, std::move(settings));
}

Value& Builder::Pad(Value& x, const std::vector<int64_t>& pads, const std::string& mode) {
  std::vector<Setting> settings;
  if (mode != "constant") settings.push_back({"mode", mode});
  if (opset() >= 11) return Make("Pad", {&x, &Ints("_pads", pads)}, std::move(settings));
  settings.push_back({opset() < 2 ? "paddings" : "pads", pads});
  return Make("Pad", {&x}, std::move(settings));
}

Value& Builder::Transpose(Value& x, const std::vector<int64_t>& perm) {
  return std::ranges::is_sorted(perm) ? x : Make("Transpose", {&x}, {{"perm", perm}});
}

Value& Builder::Concat(const std::vector<Value*>& parts, int64_t axis) {
  return Make("Concat", parts, {{"axis", axis}});
}

std::vector<Value*> Builder::Split(Value& x, int64_t axis, const std::vector<int64_t>& sizes) {
  std::vector<Setting> settings = {{"axis", axis}};
  std::vector<Value*> inputs = {&x};
  if (opset() < 13)
    settings.push_back({"split", sizes});
  else
    inputs.push_back(&Ints("_split", sizes));
  return Add("Split", inputs, sizes.size(), std::move(settings)).outputs();
}

Value& Builder::Clip(Value& x, double low, double high) {
  if (opset() < 11) {
    std::vector<Setting> settings;
    if (std::isfinite(low)) settings.push_back({"min", static_cast<float>(low)});
    if (std::isfinite(high)) settings.push_back({"max", static_cast<float>(high)});
    return Make("Clip", {&x}, std::move(settings));
  }
  std::vector<Value*> inputs = {&x, std::isfinite(low) ? &Number(x, low) : nullptr};
  if (std::isfinite(high)) inputs.push_back(&Number(x, high));
  return Make("Clip", inputs);
}

Value& Builder::ByChannel(Value& list, std::string_view suffix, size_t rank) {
  ir::Shape shape(rank - 1, 1);
  shape[0] = list.constant() != nullptr ? list.constant()->count() : -1;
  return list.constant() != nullptr ? Constant(suffix, list.constant()->Reshaped(shape))
                                    : Reshape(list, shape);
}

Status Builder::Replace(Value& made) {
  if (!status_.ok()) return status_;
  Node& last = *made.producer();
  std::vector<Attribute> attributes = std::move(last.attributes());
  if (anchor_.origins.empty()) anchor_.origins = anchor_.UserNames();
  Become(anchor_, last.op_type, last.inputs());
  anchor_.attributes() = std::move(attributes);
  RemoveIfUnused({&made});
  return context_.InferFrom(anchor_);
}

Status Builder::ReplaceOutputs(const std::vector<Value*>& values) {
  if (!status_.ok()) return status_;
  ir::Graph& graph = anchor_.graph();
  const std::string stem = Label(anchor_) + "_";
  for (size_t i = 0; i < values.size(); ++i) {
    Value* old = anchor_.output(i);
    Value* heir = values[i];
    if (heir == nullptr || old == nullptr) continue;
    Learn(heir->type, old->type);
    const Node* maker = heir->producer();
    const bool inherits = maker != nullptr && maker->name.starts_with(stem) &&
                          heir->name().starts_with(stem) && !old->is_output() && !heir->is_output();
    graph.ReplaceValue(*old, *heir);
    if (!inherits) continue;
    const std::string name = old->name();
    graph.Rename(*old, name + "_replaced");
    graph.Rename(*heir, name);
  }
  const std::vector<Value*> inputs = anchor_.inputs();
  graph.RemoveNode(anchor_);
  RemoveIfUnused(inputs);
  return Ok();
}

Result<bool> RepairEach(ir::Graph& graph, PassContext& context,
                        Result<bool> (*repair)(Node& node, PassContext& context)) {
  bool changed = false;
  for (Node& node : graph.nodes()) {
    if (!context.Wants(node)) continue;
    SHOEHORN_ASSIGN(const bool repaired, repair(node, context));
    changed |= repaired;
  }
  return changed;
}

std::optional<ir::Shape> ReshapeTarget(const ir::Type& from, const ir::Type& to) {
  if (!from.has_rank || !to.has_rank) return std::nullopt;
  ir::Shape target;
  int computed = 0;
  for (size_t i = 0; i < to.dims.size(); ++i) {
    const ir::Dim& dim = to.dims[i];
    if (dim.value == 0) return std::nullopt;
    const bool kept = !dim.known() && !dim.symbol.empty() && i < from.dims.size() && from.dims[i] == dim;
    computed += !dim.known() && !kept;
    target.push_back(dim.known() ? dim.value : kept ? 0 : -1);
  }
  return computed > 1 ? std::nullopt : std::optional(target);
}

bool IsFloat(const Value* value) { return value != nullptr && value->type.element == ir::DataType::kFloat; }

int64_t KnownDim(const Value& value, size_t axis) {
  return value.type.has_rank && axis < value.type.dims.size() ? value.type.dims[axis].value : -1;
}

std::optional<size_t> RankOf(const Value* value) {
  if (value == nullptr || !value->type.has_rank) return std::nullopt;
  return value->type.dims.size();
}

}  // namespace shoehorn::passes
