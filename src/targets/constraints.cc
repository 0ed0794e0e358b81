#include "targets/constraints.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <sstream>

namespace shoehorn::targets {
namespace {

using ir::DataType;

/// "2", "2 or 3", "2, 3 or 4".
template <typename Items, typename Word>
std::string Either(const Items& items, Word word) {
  std::string text;
  for (size_t i = 0; i < items.size(); ++i)
    text += (i == 0 ? "" : i + 1 == items.size() ? " or " : ", ") + word(items[i]);
  return text;
}

std::string ShapeText(const ir::Type& type) {
  if (!type.has_rank) return "of unknown rank";
  std::string text;
  for (const ir::Dim& dim : type.dims)
    text += (text.empty() ? "" : ",") + (dim.known()          ? std::to_string(dim.value)
                                         : dim.symbol.empty() ? std::string("?")
                                                              : Escaped(dim.symbol));
  return "[" + text + "]";
}

/// The first tensor around the node for which `wrong` gives a clause; "input 0 " or "output 1 " stands before
/// it.
template <typename Wrong>
std::optional<std::string> FirstOf(const ir::Node& node, Wrong wrong) {
  for (size_t i = 0; i < node.inputs().size(); ++i)
    if (const ir::Value* value = node.inputs()[i]; value != nullptr)
      if (const std::optional<std::string> found = wrong(value->type, value->constant() != nullptr))
        return fmt::format("input {} {}", i, *found);
  for (size_t i = 0; i < node.outputs().size(); ++i)
    if (const ir::Value* value = node.outputs()[i]; value != nullptr && !value->is_unused())
      if (const std::optional<std::string> found = wrong(value->type, false))
        return fmt::format("output {} {}", i, *found);
  return std::nullopt;
}

std::string Dimensions(size_t count) { return fmt::format("{} dimension{}", count, count == 1 ? "" : "s"); }

/// A limit of Clip: an attribute before opset 11, an input from then on; nothing when open or computed.
std::optional<double> LimitOf(const Subject& subject, size_t input, const char* attribute) {
  if (subject.opset < 11)
    return subject.node.Has(attribute) ? std::optional<double>(subject.node.Float(attribute)) : std::nullopt;
  const ir::Value* value = subject.node.input(input);
  const ir::Tensor* tensor = value == nullptr ? nullptr : ir::ConstantOf(*value);
  const auto numbers = tensor == nullptr ? std::nullopt : tensor->ToDoubles();
  return numbers && numbers->size() == 1 ? std::optional<double>(numbers->front()) : std::nullopt;
}

}  // namespace

std::vector<std::string> Words(std::string_view text) {
  std::istringstream stream{std::string(text)};
  return {std::istream_iterator<std::string>(stream), {}};
}

Rule Requires(std::string id, std::string sentence, Test broken) {
  Rule rule;
  rule.id = std::move(id);
  rule.sentence = std::move(sentence);
  rule.broken = std::move(broken);
  return rule;
}

Rule KnownTypes() {
  return Requires("known_types", "every element type is known",
                  [](const Subject& subject) {
                    return FirstOf(subject.node,
                                   [](const ir::Type& type, bool) -> std::optional<std::string> {
                                     if (type.element != DataType::kUndefined || !type.opaque.empty())
                                       return std::nullopt;
                                     return "has an unknown type";
                                   });
                  })
      .Otherwise(Grade::kUnknown);
}

Rule StaticShapes() {
  return Requires("static_shape", "every dimension is a number",
                  [](const Subject& subject) {
                    return FirstOf(subject.node,
                                   [](const ir::Type& type, bool constant) -> std::optional<std::string> {
                                     // What is no tensor is judged by rules of type.
                                     if (constant || !type.opaque.empty() || type.is_static())
                                       return std::nullopt;
                                     return "has the shape " + ShapeText(type);
                                   });
                  })
      .Otherwise(Grade::kConditional)
      .Cure("pin_shapes");
}

Rule Rank(size_t i, std::vector<size_t> accepted) {
  std::string sentence = fmt::format("input {} has {} dimensions", i,
                                     Either(accepted, [](size_t rank) { return std::to_string(rank); }));
  return Requires(fmt::format("rank_{}", i), std::move(sentence),
                  [i, accepted = std::move(accepted)](const Subject& subject) -> std::optional<std::string> {
                    const ir::Type* type = subject.TypeOf(i);
                    if (type == nullptr) return std::nullopt;
                    if (!type->has_rank) return fmt::format("input {} is of unknown rank", i);
                    if (std::ranges::find(accepted, type->dims.size()) != accepted.end()) return std::nullopt;
                    return fmt::format("input {} has {} {}", i, Dimensions(type->dims.size()),
                                       ShapeText(*type));
                  });
}

Rule RankAtMost(size_t i, size_t most) {
  return Requires(fmt::format("rank_{}", i), fmt::format("input {} has at most {}", i, Dimensions(most)),
                  [i, most](const Subject& subject) -> std::optional<std::string> {
                    const ir::Type* type = subject.TypeOf(i);
                    if (type == nullptr) return std::nullopt;
                    if (!type->has_rank) return fmt::format("input {} is of unknown rank", i);
                    if (type->dims.size() <= most) return std::nullopt;
                    return fmt::format("input {} has {} {}", i, Dimensions(type->dims.size()),
                                       ShapeText(*type));
                  });
}

Rule EveryRankAtMost(size_t most) {
  return Requires("rank", fmt::format("inputs and outputs have at most {}", Dimensions(most)),
                  [most](const Subject& subject) {
                    return FirstOf(
                        subject.node, [most](const ir::Type& type, bool) -> std::optional<std::string> {
                          if (!type.has_rank || type.dims.size() <= most) return std::nullopt;
                          return fmt::format("has {} {}", Dimensions(type.dims.size()), ShapeText(type));
                        });
                  });
}

std::string ListOf(const std::vector<DataType>& types) {
  return Either(types, [](DataType type) { return std::string(ir::NameOf(type)); });
}

Rule Types(size_t i, std::vector<DataType> accepted) {
  std::string sentence = fmt::format("input {} is {}", i, ListOf(accepted));
  return Requires(fmt::format("type_{}", i), std::move(sentence),
                  [i, accepted = std::move(accepted)](const Subject& subject) -> std::optional<std::string> {
                    if (subject.TypeOf(i) == nullptr) return std::nullopt;
                    const DataType type = subject.ElementType(i);
                    if (std::ranges::find(accepted, type) != accepted.end()) return std::nullopt;
                    return fmt::format("input {} is {}", i, ir::NameOf(type));
                  });
}

Rule EveryType(std::vector<DataType> accepted) {
  std::string sentence = "inputs and outputs are " + ListOf(accepted);
  return Requires("type", std::move(sentence), [accepted = std::move(accepted)](const Subject& subject) {
    return FirstOf(subject.node, [&](const ir::Type& type, bool) -> std::optional<std::string> {
      if (!type.opaque.empty()) return "is no tensor";
      if (std::ranges::find(accepted, type.element) != accepted.end()) return std::nullopt;
      return fmt::format("is {}", ir::NameOf(type.element));
    });
  });
}

Rule OutputTypes(std::vector<DataType> accepted) {
  std::string sentence = "outputs are " + ListOf(accepted);
  return Requires("output_type", std::move(sentence),
                  [accepted = std::move(accepted)](const Subject& subject) -> std::optional<std::string> {
                    for (size_t i = 0; i < subject.node.outputs().size(); ++i) {
                      const ir::Value* value = subject.node.output(i);
                      if (value == nullptr || value->is_unused()) continue;
                      if (std::ranges::find(accepted, value->type.element) == accepted.end())
                        return fmt::format("output {} is {}", i, ir::NameOf(value->type.element));
                    }
                    return std::nullopt;
                  });
}

Rule Constant(size_t i, std::string what) {
  return Requires("constant_" + std::to_string(i), fmt::format("input {} ({}) is a constant", i, what),
                  [i, what](const Subject& subject) -> std::optional<std::string> {
                    const ir::Value* value = subject.node.input(i);
                    if (value == nullptr || ir::ConstantOf(*value) != nullptr) return std::nullopt;
                    // Quantized weights: the constant stands before the DequantizeLinear.
                    if (const ir::Node* producer = value->producer();
                        producer != nullptr && producer->Is("DequantizeLinear") &&
                        producer->input(0) != nullptr && ir::ConstantOf(*producer->input(0)) != nullptr)
                      return std::nullopt;
                    return fmt::format("input {} ({}) is computed", i, what);
                  });
}

Rule Absent(size_t i, std::string what) {
  return Requires("absent_" + std::to_string(i), fmt::format("input {} ({}) is left out", i, what),
                  [i, what](const Subject& subject) -> std::optional<std::string> {
                    if (subject.node.input(i) == nullptr) return std::nullopt;
                    return fmt::format("input {} ({}) is given", i, what);
                  });
}

Rule OutputsAtMost(size_t count) {
  return Requires(
      "outputs",
      fmt::format("only the first {} is used", count == 1 ? "output" : fmt::format("{} outputs", count)),
      [count](const Subject& subject) -> std::optional<std::string> {
        for (size_t i = count; i < subject.node.outputs().size(); ++i)
          if (subject.node.output(i) != nullptr && !subject.node.output(i)->is_unused())
            return fmt::format("output {} is used", i);
        return std::nullopt;
      });
}

Rule InputsAtMost(size_t count) {
  return Requires("inputs", fmt::format("at most {} inputs", count),
                  [count](const Subject& subject) -> std::optional<std::string> {
                    if (subject.node.inputs().size() <= count) return std::nullopt;
                    return fmt::format("{} inputs", subject.node.inputs().size());
                  });
}

Rule IntIs(std::string attribute, std::vector<int64_t> accepted, int64_t otherwise) {
  std::string sentence = fmt::format("{} is {}", attribute,
                                     Either(accepted, [](int64_t number) { return std::to_string(number); }));
  std::string id = attribute;
  return Requires(std::move(id), std::move(sentence),
                  [attribute = std::move(attribute), accepted = std::move(accepted),
                   otherwise](const Subject& subject) -> std::optional<std::string> {
                    const int64_t found = subject.node.Int(attribute, otherwise);
                    if (std::ranges::find(accepted, found) != accepted.end()) return std::nullopt;
                    return fmt::format("{} is {}", attribute, found);
                  });
}

Rule StringIs(std::string attribute, std::vector<std::string> accepted, std::string otherwise) {
  std::string sentence =
      fmt::format("{} is {}", attribute, Either(accepted, [](const std::string& text) { return text; }));
  std::string id = attribute;
  return Requires(std::move(id), std::move(sentence),
                  [attribute = std::move(attribute), accepted = std::move(accepted),
                   otherwise = std::move(otherwise)](const Subject& subject) -> std::optional<std::string> {
                    const std::string found = subject.node.String(attribute, otherwise);
                    if (std::ranges::find(accepted, found) != accepted.end()) return std::nullopt;
                    return fmt::format("{} is {}", attribute, Escaped(found));
                  });
}

Rule IntsWithin(std::string attribute, int64_t low, int64_t high) {
  std::string sentence = fmt::format("{} lie between {} and {}", attribute, low, high);
  std::string id = attribute;
  return Requires(
      std::move(id), std::move(sentence),
      [attribute = std::move(attribute), low, high](const Subject& subject) -> std::optional<std::string> {
        const std::vector<int64_t> found = subject.node.Ints(attribute);
        if (std::ranges::all_of(found, [&](int64_t number) { return number >= low && number <= high; }))
          return std::nullopt;
        return fmt::format("{} are [{}]", attribute, fmt::join(found, ","));
      });
}

Rule AxisIs(std::string attribute, std::vector<int64_t> accepted, int64_t otherwise) {
  std::string sentence = fmt::format("{} is {}", attribute, Either(accepted, [](int64_t axis) {
                                       return axis == -1 ? std::string("the last") : std::to_string(axis);
                                     }));
  std::string id = attribute;
  return Requires(std::move(id), std::move(sentence),
                  [attribute = std::move(attribute), accepted = std::move(accepted),
                   otherwise](const Subject& subject) -> std::optional<std::string> {
                    const std::optional<size_t> rank = subject.Rank(0);
                    if (!rank) return "the rank of input 0 is unknown";
                    const auto front = [&](int64_t axis) {
                      return axis < 0 ? axis + static_cast<int64_t>(*rank) : axis;
                    };
                    const int64_t found = subject.node.Int(attribute, otherwise);
                    for (const int64_t axis : accepted)
                      if (front(axis) == front(found)) return std::nullopt;
                    return fmt::format("{} is {} of {}", attribute, found, Dimensions(*rank));
                  });
}

Rule OpsetWithin(int64_t low, int64_t high) {
  return Requires("opset", fmt::format("opset {} to {}", low, high),
                  [low, high](const Subject& subject) -> std::optional<std::string> {
                    if (subject.opset >= low && subject.opset <= high) return std::nullopt;
                    return fmt::format("opset {}", subject.opset);
                  });
}

Rule OpsetAtLeast(int64_t low) {
  return Requires("opset", fmt::format("opset {} or newer", low),
                  [low](const Subject& subject) -> std::optional<std::string> {
                    if (subject.opset >= low) return std::nullopt;
                    return fmt::format("opset {}", subject.opset);
                  })
      .Advise(fmt::format("export the model anew at opset {} or newer", low));
}

Rule FloatIs(std::string attribute, float accepted, float otherwise) {
  std::string sentence = fmt::format("{} is {}", attribute, accepted);
  std::string id = attribute;
  return Requires(std::move(id), std::move(sentence),
                  [attribute = std::move(attribute), accepted,
                   otherwise](const Subject& subject) -> std::optional<std::string> {
                    const float found = subject.node.Float(attribute, otherwise);
                    if (found == accepted) return std::nullopt;
                    return fmt::format("{} is {}", attribute, found);
                  });
}

Rule EachIs(std::string attribute, int64_t accepted) {
  std::string sentence = fmt::format("{} are {}", attribute, accepted);
  std::string id = attribute;
  return Requires(
      std::move(id), std::move(sentence),
      [attribute = std::move(attribute), accepted](const Subject& subject) -> std::optional<std::string> {
        const std::vector<int64_t> found = subject.node.Ints(attribute);
        if (std::ranges::all_of(found, [&](int64_t number) { return number == accepted; }))
          return std::nullopt;
        return fmt::format("{} are [{}]", attribute, fmt::join(found, ","));
      });
}

Rule NotGiven(std::string attribute) {
  std::string sentence = attribute + " is left out";
  std::string id = attribute;
  return Requires(std::move(id), std::move(sentence),
                  [attribute = std::move(attribute)](const Subject& subject) -> std::optional<std::string> {
                    if (!subject.node.Has(attribute)) return std::nullopt;
                    return attribute + " is given";
                  });
}

Rule WideDimensionsAtMost(size_t most) {
  return Requires("wide_dimensions", fmt::format("input 0 has at most {} dimensions larger than 1", most),
                  [most](const Subject& subject) -> std::optional<std::string> {
                    const ir::Type* type = subject.TypeOf(0);
                    if (type == nullptr) return std::nullopt;
                    if (!type->has_rank) return "input 0 is of unknown rank";
                    const auto wide =
                        std::ranges::count_if(type->dims, [](const ir::Dim& dim) { return dim.value != 1; });
                    if (static_cast<size_t>(wide) <= most) return std::nullopt;
                    return fmt::format("input 0 has {} dimensions larger than 1 {}", wide, ShapeText(*type));
                  });
}

Rule BatchOfOne() {
  return Requires("batch", "the batch (first dimension of input 0) is 1",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const ir::Type* type = subject.TypeOf(0);
                    if (type == nullptr || (type->has_rank && type->dims.empty())) return std::nullopt;
                    if (!type->has_rank) return "input 0 is of unknown rank";
                    if (type->dims.front().value == 1) return std::nullopt;
                    return fmt::format("input 0 has the shape {}", ShapeText(*type));
                  });
}

Rule SplitsEvenly() {
  return Requires(
      "even", "the parts are of one size", [](const Subject& subject) -> std::optional<std::string> {
        const std::optional<size_t> rank = subject.Rank(0);
        if (!rank || *rank == 0) return "input 0 is of unknown rank";
        const int64_t axis = subject.node.Int("axis", 0);
        const size_t at = static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(*rank) : axis);
        std::vector<int64_t> sizes;
        for (const ir::Value* output : subject.node.outputs())
          if (output != nullptr && at < output->type.dims.size())
            sizes.push_back(output->type.dims[at].value);
        if (std::ranges::adjacent_find(sizes, std::not_equal_to<>()) == sizes.end()) return std::nullopt;
        return fmt::format("parts of the sizes {}", fmt::join(sizes, ", "));
      });
}

std::optional<std::vector<double>> GrowthOf(const Subject& subject) {
  const ir::Type* from = subject.TypeOf(0);
  const ir::Value* output = subject.node.output(0);
  if (from == nullptr || output == nullptr || !from->is_static() || !output->type.is_static() ||
      from->dims.size() != output->type.dims.size())
    return std::nullopt;
  std::vector<double> growth;
  for (size_t i = 0; i < from->dims.size(); ++i)
    growth.push_back(static_cast<double>(output->type.dims[i].value) /
                     static_cast<double>(from->dims[i].value));
  return growth;
}

Rule ResizesLast(size_t count) {
  return Requires("resized", fmt::format("only the last {} are resized", Dimensions(count)),
                  [count](const Subject& subject) -> std::optional<std::string> {
                    const auto growth = GrowthOf(subject);
                    if (!growth) return std::nullopt;  // StaticShapes() speaks of it
                    for (size_t i = 0; i + count < growth->size(); ++i)
                      if ((*growth)[i] != 1) return fmt::format("dimension {} grows by {}", i, (*growth)[i]);
                    return std::nullopt;
                  });
}

Rule FloorWhenNearest() {
  return Requires("nearest_mode", "nearest_mode is floor",
                  [](const Subject& subject) -> std::optional<std::string> {
                    const std::string found = subject.node.String("nearest_mode", "round_prefer_floor");
                    if (subject.node.String("mode", "nearest") != "nearest" || found == "floor")
                      return std::nullopt;
                    return "nearest_mode is " + Escaped(found);
                  });
}

Rule ClipsTo(std::string sentence, std::vector<std::pair<double, double>> accepted) {
  return Requires("bounds", std::move(sentence),
                  [accepted = std::move(accepted)](const Subject& subject) -> std::optional<std::string> {
                    const std::optional<double> low = LimitOf(subject, 1, "min");
                    const std::optional<double> high = LimitOf(subject, 2, "max");
                    if (low && high && std::ranges::find(accepted, std::pair(*low, *high)) != accepted.end())
                      return std::nullopt;
                    const auto text = [](std::optional<double> number) {
                      return number ? fmt::format("{}", *number) : std::string("open or computed");
                    };
                    return fmt::format("the bounds are {} and {}", text(low), text(high));
                  });
}

std::optional<std::vector<int64_t>> IntsAt(const Subject& subject, size_t i) {
  const ir::Value* value = subject.node.input(i);
  const ir::Tensor* tensor = value == nullptr ? nullptr : ir::ConstantOf(*value);
  return tensor == nullptr || tensor->count() > 64 ? std::nullopt : tensor->ToInts();
}

}  // namespace shoehorn::targets
