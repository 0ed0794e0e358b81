// Integers that are known as a number or as an expression of a model's dimensions, so that two of them can be
// told to be equal before any of them is known: `batch`, `height * width`, `(height + 1) / 2`.
// Expressions are hash-consed: equal terms are equal numbers at run time (the other way round need not hold).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace shoehorn::passes {

/// Index of an expression in its Terms.
using Term = int32_t;

class Terms {
 public:
  Term Number(int64_t value);
  /// The dimension that graph inputs call `name`.
  Term Dimension(const std::string& name);
  /// Something that equals nothing else; `dimension`: it is not negative.
  Term Unknown(bool dimension);

  Term Sum(Term a, Term b);
  Term Difference(Term a, Term b);
  Term Product(Term a, Term b);
  /// As ONNX divides integers: towards zero. Unknown when `b` is the number 0.
  Term Quotient(Term a, Term b);

  std::optional<int64_t> NumberOf(Term term) const;
  bool IsNumber(Term term, int64_t value) const { return NumberOf(term) == value; }
  /// Sure not to be negative.
  bool NonNegative(Term term) const { return entries_[static_cast<size_t>(term)].non_negative; }
  /// The factors of a product, or the term itself.
  std::vector<Term> Factors(Term term) const;

 private:
  enum class Kind : uint8_t { kNumber, kDimension, kUnknown, kSum, kProduct, kQuotient };
  struct Entry {
    Kind kind;
    bool non_negative;
    int64_t value;  // of a number; the constant of a sum
    Term a, b;
    bool operator==(const Entry&) const = default;
  };
  struct Hash {
    size_t operator()(const Entry& entry) const;
  };
  Term Keep(const Entry& entry);
  const Entry& At(Term term) const { return entries_[static_cast<size_t>(term)]; }

  std::vector<Entry> entries_;
  std::unordered_map<Entry, Term, Hash> ids_;
  std::unordered_map<std::string, Term> dimensions_;
};

}  // namespace shoehorn::passes
