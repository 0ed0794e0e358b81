#include "passes/transpose.h"

#include <algorithm>

namespace shoehorn::passes {

std::optional<Permutation> PermutationOf(const ir::Node& node) {
  if (!node.Is("Transpose") || node.input(0) == nullptr) return std::nullopt;
  if (node.Has("perm")) {
    Permutation perm = node.Ints("perm");
    Permutation sorted = perm;
    std::ranges::sort(sorted);
    for (size_t i = 0; i < sorted.size(); ++i)
      if (sorted[i] != static_cast<int64_t>(i)) return std::nullopt;
    return perm;
  }
  const ir::Type& type = node.input(0)->type;
  if (!type.has_rank) return std::nullopt;
  Permutation perm;
  for (size_t i = type.dims.size(); i-- > 0;) perm.push_back(static_cast<int64_t>(i));
  return perm;
}

Permutation Compose(const Permutation& first, const Permutation& second) {
  Permutation both(second.size());
  for (size_t i = 0; i < second.size(); ++i) both[i] = first[static_cast<size_t>(second[i])];
  return both;
}

Permutation Inverse(const Permutation& perm) {
  Permutation inverse(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) inverse[static_cast<size_t>(perm[i])] = static_cast<int64_t>(i);
  return inverse;
}

bool IsIdentity(const Permutation& perm) { return std::ranges::is_sorted(perm); }

ir::Type Permuted(const ir::Type& type, const Permutation& perm) {
  ir::Type permuted = type;
  if (type.has_rank && type.dims.size() == perm.size())
    for (size_t i = 0; i < perm.size(); ++i) permuted.dims[i] = type.dims[static_cast<size_t>(perm[i])];
  return permuted;
}

}  // namespace shoehorn::passes
