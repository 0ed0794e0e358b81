// What accelerators usually ask for, as ready rules with their sentences. Inputs are counted from 0.
#pragma once

#include <initializer_list>
#include <string_view>

#include "targets/rule.h"

namespace shoehorn::targets {

/// "Add Mul" -> {"Add", "Mul"}: the operators of a row.
std::vector<std::string> Words(std::string_view text);

/// A rule of any kind: `broken` gives what was found.
Rule Requires(std::string id, std::string sentence, Test broken);

/// The element types of all inputs and outputs are known; else nobody can say (grade kUnknown).
Rule KnownTypes();
/// Every input and output has a shape of numbers only. Cure: pinning (the dimension is named).
Rule StaticShapes();
/// Input `i` has one of these numbers of dimensions; absent inputs pass, an unknown rank does not.
Rule Rank(size_t i, std::vector<size_t> accepted);
Rule RankAtMost(size_t i, size_t most);
/// No input or output has more dimensions.
Rule EveryRankAtMost(size_t most);
/// Input `i` (absent: fine) has one of these element types, as Subject::ElementType sees them.
Rule Types(size_t i, std::vector<ir::DataType> accepted);
/// Every input and output tensor has one of these element types.
Rule EveryType(std::vector<ir::DataType> accepted);
Rule OutputTypes(std::vector<ir::DataType> accepted);
/// Input `i` is a constant, or absent.
Rule Constant(size_t i, std::string what);
/// Input `i` is absent.
Rule Absent(size_t i, std::string what);
/// Only the first `count` outputs are used.
Rule OutputsAtMost(size_t count);
Rule InputsAtMost(size_t count);
/// The attribute (or its default) is one of these numbers, strings.
Rule IntIs(std::string attribute, std::vector<int64_t> accepted, int64_t otherwise);
Rule StringIs(std::string attribute, std::vector<std::string> accepted, std::string otherwise);
/// Every number of the list lies in [low, high]; an absent list passes.
Rule IntsWithin(std::string attribute, int64_t low, int64_t high);
/// The axis attribute, counted from the front, is one of these; negative ones count from the end (-1: the
/// last).
Rule AxisIs(std::string attribute, std::vector<int64_t> accepted, int64_t otherwise);
/// The model's opset lies in [low, high].
Rule OpsetWithin(int64_t low, int64_t high);
Rule OpsetAtLeast(int64_t low);
/// The attribute (or its default) is this number.
Rule FloatIs(std::string attribute, float accepted, float otherwise);
/// Every number of the list is `accepted`; an absent list passes.
Rule EachIs(std::string attribute, int64_t accepted);
/// The attribute is not given.
Rule NotGiven(std::string attribute);
/// At most `most` dimensions of input 0 are larger than 1.
Rule WideDimensionsAtMost(size_t most);
/// The first dimension of input 0 is 1.
Rule BatchOfOne();
/// All outputs of a Split have one size along its axis.
Rule SplitsEvenly();
/// Only the last `count` dimensions change their size from input 0 to output 0 (Resize, Upsample).
Rule ResizesLast(size_t count);
/// A Resize with mode nearest has nearest_mode floor.
Rule FloorWhenNearest();
/// A Clip's limits are constants, and one of `accepted` (low, high).
Rule ClipsTo(std::string sentence, std::vector<std::pair<double, double>> accepted);
/// By how much each dimension of input 0 grows to output 0; nothing where a size is not known.
std::optional<std::vector<double>> GrowthOf(const Subject& subject);
/// The elements of a small constant of integers at input `i`; nothing when it is computed or absent.
std::optional<std::vector<int64_t>> IntsAt(const Subject& subject, size_t i);

/// Common sets of types.
inline const std::vector<ir::DataType> kFloats = {ir::DataType::kFloat, ir::DataType::kFloat16};
/// "float32, float16 or int8".
std::string ListOf(const std::vector<ir::DataType>& types);

}  // namespace shoehorn::targets
