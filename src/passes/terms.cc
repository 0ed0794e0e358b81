#include "passes/terms.h"

#include <algorithm>

namespace shoehorn::passes {

// A sum is `a + b + value` (b is -1 for "none"); a product is `a * b`, with a number always on the right.

size_t Terms::Hash::operator()(const Entry& entry) const {
  size_t hash = static_cast<size_t>(entry.kind);
  for (const int64_t part : {entry.value, int64_t{entry.a}, int64_t{entry.b}})
    hash ^= std::hash<int64_t>()(part) + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
  return hash;
}

Term Terms::Keep(const Entry& entry) {
  const auto [found, added] = ids_.try_emplace(entry, static_cast<Term>(entries_.size()));
  if (added) entries_.push_back(entry);
  return found->second;
}

Term Terms::Number(int64_t value) { return Keep({Kind::kNumber, value >= 0, value, -1, -1}); }

Term Terms::Dimension(const std::string& name) {
  const auto [found, added] = dimensions_.try_emplace(name, static_cast<Term>(entries_.size()));
  if (added) entries_.push_back({Kind::kDimension, true, 0, -1, -1});
  return found->second;
}

Term Terms::Unknown(bool dimension) {
  entries_.push_back({Kind::kUnknown, dimension, 0, -1, -1});
  return static_cast<Term>(entries_.size() - 1);
}

std::optional<int64_t> Terms::NumberOf(Term term) const {
  if (At(term).kind != Kind::kNumber) return std::nullopt;
  return At(term).value;
}

Term Terms::Sum(Term a, Term b) {
  const Entry left = At(a), right = At(b);
  int64_t constant = 0;
  std::vector<Term> parts;
  for (const auto& [term, entry] : {std::pair{a, left}, std::pair{b, right}}) {
    if (entry.kind == Kind::kNumber) {
      if (__builtin_add_overflow(constant, entry.value, &constant)) return Unknown(false);
    } else if (entry.kind == Kind::kSum && entry.b < 0) {
      if (__builtin_add_overflow(constant, entry.value, &constant)) return Unknown(false);
      parts.push_back(entry.a);
    } else {
      parts.push_back(term);
    }
  }
  if (parts.empty()) return Number(constant);
  if (parts.size() == 2) {
    std::ranges::sort(parts);
    const bool non_negative = NonNegative(parts[0]) && NonNegative(parts[1]);
    const Term both = Keep({Kind::kSum, non_negative, 0, parts[0], parts[1]});
    return constant == 0 ? both : Keep({Kind::kSum, non_negative && constant >= 0, constant, both, -1});
  }
  if (constant == 0) return parts[0];
  return Keep({Kind::kSum, NonNegative(parts[0]) && constant >= 0, constant, parts[0], -1});
}

Term Terms::Difference(Term a, Term b) {
  if (a == b) return Number(0);
  const auto number = NumberOf(b);
  if (!number || *number == INT64_MIN) return Unknown(false);
  return Sum(a, Number(-*number));
}

Term Terms::Product(Term a, Term b) {
  if (NumberOf(a)) std::swap(a, b);
  const auto left = NumberOf(a), right = NumberOf(b);
  int64_t product = 0;
  if (left && right)
    return __builtin_mul_overflow(*left, *right, &product) ? Unknown(false) : Number(product);
  if (right == 1) return a;
  if (right == 0) return Number(0);
  const Entry first = At(a), second = At(b);
  if (second.kind == Kind::kProduct && NumberOf(second.b)) return Product(Product(a, second.a), second.b);
  if (first.kind == Kind::kProduct && NumberOf(first.b)) {
    if (!right) return Product(Product(first.a, b), first.b);
    return __builtin_mul_overflow(*NumberOf(first.b), *right, &product) ? Unknown(false)
                                                                        : Product(first.a, Number(product));
  }
  if (!right && a > b) std::swap(a, b);
  return Keep({Kind::kProduct, NonNegative(a) && NonNegative(b), 0, a, b});
}

Term Terms::Quotient(Term a, Term b) {
  const auto dividend = NumberOf(a), divisor = NumberOf(b);
  if (divisor == 0) return Unknown(false);
  if (divisor == 1) return a;
  if (dividend && divisor) return *divisor == -1 ? Unknown(false) : Number(*dividend / *divisor);
  const Entry entry = At(a);
  if (divisor && entry.kind == Kind::kProduct) {
    const auto factor = NumberOf(entry.b);
    if (factor && *factor % *divisor == 0) return Product(entry.a, Number(*factor / *divisor));
  }
  return Keep({Kind::kQuotient, NonNegative(a) && NonNegative(b), 0, a, b});
}

std::vector<Term> Terms::Factors(Term term) const {
  if (At(term).kind != Kind::kProduct) return {term};
  std::vector<Term> factors = Factors(At(term).a);
  for (const Term factor : Factors(At(term).b)) factors.push_back(factor);
  return factors;
}

}  // namespace shoehorn::passes
