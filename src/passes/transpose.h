// Permutations of axes, shared by the passes that move Transpose around. A permutation is as in ONNX: axis i
// of the result is axis perm[i] of the input.
#pragma once

#include <optional>
#include <vector>

#include "passes/pass.h"

namespace shoehorn::passes {

using Permutation = std::vector<int64_t>;

/// The permutation of a Transpose (its default is to reverse); nothing for other nodes or an unknown rank.
std::optional<Permutation> PermutationOf(const ir::Node& node);
/// First `first`, then `second`.
Permutation Compose(const Permutation& first, const Permutation& second);
Permutation Inverse(const Permutation& perm);
bool IsIdentity(const Permutation& perm);
/// The type of what Transpose makes of a value of type `type`.
ir::Type Permuted(const ir::Type& type, const Permutation& perm);

}  // namespace shoehorn::passes
