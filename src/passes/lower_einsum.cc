// Einsum of one, two or more operands as MatMul, Mul, ReduceSum and Transpose:
//   "bhid,bhjd->bhij"   MatMul(q, Transpose(k))            shared letters that stay are a batch, those that
//   go a product "bi,bj->bij"        Mul(Unsqueeze(x), Unsqueeze(y))    nothing goes "bij->bji" Transpose,
//   "bij->b"   ReduceSum
// Equations with "..." or with a letter twice in one operand (diagonals) stay.
#include <algorithm>
#include <map>

#include "passes/builder.h"
#include "passes/transpose.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

struct Equation {
  std::vector<std::string> operands;
  std::string result;
};

bool EachOnce(std::string letters) {
  std::ranges::sort(letters);
  return std::ranges::adjacent_find(letters) == letters.end();
}

/// Nothing when the equation has other things in it than letters, each once in an operand.
std::optional<Equation> Parse(std::string text) {
  std::erase(text, ' ');
  Equation equation;
  const size_t arrow = text.find("->");
  const std::string left = text.substr(0, arrow);
  for (size_t start = 0; start <= left.size();) {
    const size_t end = std::min(left.find(',', start), left.size());
    equation.operands.push_back(left.substr(start, end - start));
    start = end + 1;
  }
  std::map<char, int> seen;
  for (const std::string& operand : equation.operands)
    for (const char letter : operand) {
      if (std::isalpha(static_cast<unsigned char>(letter)) == 0 || !EachOnce(operand)) return std::nullopt;
      ++seen[letter];
    }
  if (arrow != std::string::npos) {
    equation.result = text.substr(arrow + 2);
  } else {
    for (const auto& [letter, times] : seen)  // letters that occur once, in alphabetical order
      if (times == 1) equation.result += letter;
  }
  if (!EachOnce(equation.result)) return std::nullopt;
  for (const char letter : equation.result)
    if (!seen.contains(letter)) return std::nullopt;
  return equation;
}

bool Contains(const std::string& letters, char letter) { return letters.find(letter) != std::string::npos; }

template <typename Condition>
std::string Select(const std::string& letters, const Condition& condition) {
  std::string selected;
  for (const char letter : letters)
    if (condition(letter)) selected += letter;
  return selected;
}

/// A value whose axes have letters.
struct Lettered {
  Value* value;
  std::string letters;
};

class Lowering {
 public:
  Lowering(Builder& build, std::map<char, ir::Dim> sizes) : build_(build), sizes_(std::move(sizes)) {}

  /// `x` with the axes that `kept` does not have summed over.
  Lettered Sum(const Lettered& x, const std::string& kept) {
    std::vector<int64_t> axes;
    for (size_t i = 0; i < x.letters.size(); ++i)
      if (!Contains(kept, x.letters[i])) axes.push_back(static_cast<int64_t>(i));
    if (axes.empty()) return x;
    return {&build_.Reduce("ReduceSum", *x.value, axes, false),
            Select(x.letters, [&](char letter) { return Contains(kept, letter); })};
  }

  Lettered Order(const Lettered& x, const std::string& letters) {
    Permutation perm;
    for (const char letter : letters) perm.push_back(static_cast<int64_t>(x.letters.find(letter)));
    return {&build_.Transpose(*x.value, perm), letters};
  }

  /// The product of both, with the letters in `kept` that either has; the others are summed over.
  Lettered Product(const Lettered& a, const Lettered& b, const std::string& kept) {
    const auto in_a = [&](char letter) { return Contains(a.letters, letter); };
    const auto in_b = [&](char letter) { return Contains(b.letters, letter); };
    const auto is_kept = [&](char letter) { return Contains(kept, letter); };
    const Lettered x = Sum(a, kept + b.letters), y = Sum(b, kept + a.letters);
    const std::string batch = Select(x.letters, [&](char c) { return in_b(c) && is_kept(c); });
    const std::string summed = Select(x.letters, [&](char c) { return in_b(c) && !is_kept(c); });
    const std::string rows = Select(x.letters, [&](char c) { return !in_b(c); });
    const std::string columns = Select(y.letters, [&](char c) { return !in_a(c); });
    if (summed.empty() || (rows.empty() && columns.empty())) {
      const std::string all = batch + rows + columns + summed;
      return Sum({&build_.Make("Mul", {&Spread(x, all), &Spread(y, all)}), all}, kept);
    }
    Value& left = Grouped(Order(x, batch + rows + summed), {batch, rows, summed});
    Value& right = Grouped(Order(y, batch + summed + columns), {batch, summed, columns});
    Value& product = build_.Make("MatMul", {&left, &right});
    if (rows.size() == 1 && columns.size() == 1) return {&product, batch + rows + columns};
    return {&build_.Reshape(product, Target(batch, rows + columns)), batch + rows + columns};
  }

 private:
  /// `x` with an axis of size 1 for each letter that it lacks.
  Value& Spread(const Lettered& x, const std::string& all) {
    const Lettered ordered = Order(x, Select(all, [&](char letter) { return Contains(x.letters, letter); }));
    std::vector<int64_t> axes;
    for (size_t i = 0; i < all.size(); ++i)
      if (!Contains(x.letters, all[i])) axes.push_back(static_cast<int64_t>(i));
    return axes.empty() ? *ordered.value : build_.Unsqueeze(*ordered.value, axes);
  }

  /// The batch's axes, and one axis for each of the other two groups.
  Value& Grouped(const Lettered& x, const std::vector<std::string>& groups) {
    if (groups[1].size() == 1 && groups[2].size() == 1) return *x.value;
    ir::Shape shape(groups[0].size(), 0);
    for (const size_t group : {1, 2}) {
      int64_t size = 1;
      for (const char letter : groups[group])
        size *= sizes_.at(letter).known() ? sizes_.at(letter).value : -1;
      shape.push_back(size);
    }
    return build_.Reshape(*x.value, shape);
  }

  ir::Shape Target(const std::string& batch, const std::string& rest) {
    ir::Shape shape(batch.size(), 0);
    for (const char letter : rest) shape.push_back(sizes_.at(letter).known() ? sizes_.at(letter).value : -1);
    return shape;
  }

  Builder& build_;
  std::map<char, ir::Dim> sizes_;
};

/// The size of each letter; nothing when operands may disagree about one.
std::optional<std::map<char, ir::Dim>> SizesOf(const Node& node, const Equation& equation) {
  std::map<char, ir::Dim> sizes;
  for (size_t i = 0; i < equation.operands.size(); ++i) {
    const Value* x = node.input(i);
    if (RankOf(x) != equation.operands[i].size()) return std::nullopt;
    for (size_t axis = 0; axis < equation.operands[i].size(); ++axis) {
      const ir::Dim& dim = x->type.dims[axis];
      const auto [known, is_new] = sizes.emplace(equation.operands[i][axis], dim);
      const bool same = known->second == dim && (dim.known() || !dim.symbol.empty());
      if ((!is_new && !same) || dim.value == 0) return std::nullopt;
    }
  }
  return sizes;
}

/// The letters that a later operand or the result needs.
std::string Needed(const Equation& equation, size_t after) {
  std::string needed = equation.result;
  for (size_t i = after; i < equation.operands.size(); ++i) needed += equation.operands[i];
  return needed;
}

/// True when no product has to join or part axes of unknown size: those are a batch, or alone in their group.
bool CanLower(const Equation& equation, const std::map<char, ir::Dim>& sizes) {
  std::string left = equation.operands.front();
  for (size_t i = 1; i < equation.operands.size(); ++i) {
    const std::string& right = equation.operands[i];
    const std::string needed = Needed(equation, i + 1);
    const auto unknown = [&](const std::string& letters) {
      return std::ranges::count_if(letters, [&](char letter) { return !sizes.at(letter).known(); });
    };
    const auto in = [](const std::string& letters) { return [&](char c) { return Contains(letters, c); }; };
    const std::string rows = Select(left, [&](char c) { return !in(right)(c) && in(needed)(c); });
    const std::string columns = Select(right, [&](char c) { return !in(left)(c) && in(needed)(c); });
    const std::string summed = Select(left, [&](char c) { return in(right)(c) && !in(needed)(c); });
    const bool reshapes = rows.size() != 1 || columns.size() != 1 || summed.size() != 1;
    if (reshapes && unknown(rows) + unknown(columns) + unknown(summed) > 0) return false;
    left = Select(left, in(needed)) + columns;
  }
  return true;
}

Result<bool> Repair(Node& node, PassContext& context) {
  using enum ir::DataType;
  if (!node.Is("Einsum") || node.input(0) == nullptr) return false;
  const ir::DataType type = node.input(0)->type.element;
  if (type != kFloat && type != kDouble && type != kFloat16 && type != kInt32 && type != kInt64) return false;
  const auto equation = Parse(node.String("equation"));
  if (!equation || equation->operands.size() != node.inputs().size()) return false;
  const auto sizes = SizesOf(node, *equation);
  if (!sizes || !CanLower(*equation, *sizes)) return false;

  context.Note(node, "its equation is products, sums and transposes");
  Builder build(node, context);
  Lowering lower(build, *sizes);
  Lettered result{node.input(0), equation->operands.front()};
  for (size_t i = 1; i < equation->operands.size(); ++i)
    result = lower.Product(result, {node.input(i), equation->operands[i]}, Needed(*equation, i + 1));
  result = lower.Order(lower.Sum(result, equation->result), equation->result);
  SHOEHORN_TRY(build.ReplaceOutputs({result.value}));
  return true;
}

}  // namespace

Result<bool> LowerEinsum(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
