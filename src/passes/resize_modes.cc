// Resize by a whole factor has many spellings; this is the one that most runtimes know:
//   Resize<mode = "nearest", half_pixel, round_prefer_floor>(x, sizes = [1,8,20,20])
//   becomes   Resize<mode = "nearest", asymmetric, floor>(x, scales = [1,1,2,2])
// When each element is repeated s times, all ways to round half pixels choose the same element. Linear
// interpolation gets scales instead of sizes only; cubic is left alone.
#include <algorithm>

#include "passes/builder.h"
#include "passes/rewrite.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Tensor;
using ir::Value;

/// The factor of each axis, when all are whole numbers from 1 up: of constant scales, or of constant sizes.
std::optional<std::vector<int64_t>> FactorsOf(const Node& node, size_t rank) {
  std::vector<int64_t> factors;
  if (node.input(3) != nullptr) {
    const auto sizes = IntsConstant(node.input(3));
    if (!sizes || sizes->size() != rank) return std::nullopt;
    for (size_t axis = 0; axis < rank; ++axis) {
      const int64_t size = KnownDim(*node.input(0), axis);
      if (size < 1 || (*sizes)[axis] < size || (*sizes)[axis] % size != 0) return std::nullopt;
      factors.push_back((*sizes)[axis] / size);
    }
    return factors;
  }
  const Tensor* scales = FloatConstant(node.input(2));
  if (scales == nullptr || scales->count() != static_cast<int64_t>(rank)) return std::nullopt;
  const std::vector<double> numbers = *scales->ToDoubles();
  for (const double scale : numbers) {
    const auto factor = static_cast<int64_t>(scale >= 1 && scale <= 1024 ? scale : 0);
    if (factor == 0 || static_cast<double>(factor) != scale) return std::nullopt;
    factors.push_back(factor);
  }
  return factors;
}

/// By these factors the node repeats elements, though it is not said as asymmetric and floor.
bool RepeatsInOtherWords(const Node& node, const std::vector<int64_t>& factors) {
  if (node.String("mode", "nearest") != "nearest") return false;
  const std::string place = node.String("coordinate_transformation_mode", "half_pixel");
  const std::string rounding = node.String("nearest_mode", "round_prefer_floor");
  if (place == "half_pixel" || place == "pytorch_half_pixel" || place == "half_pixel_symmetric")
    return rounding.starts_with("round_");
  if (place == "tf_half_pixel_for_nn") return rounding == "floor";
  return place == "asymmetric" && rounding == "round_prefer_floor" && std::ranges::max(factors) <= 2;
}

Result<bool> Respell(Node& node, PassContext& context) {
  if (!node.Is("Resize") || node.graph().model().Opset() < 11 || node.input(0) == nullptr) return false;
  const auto rank = RankOf(node.input(0));
  if (!rank || *rank == 0 || node.Has("axes") || node.String("mode", "nearest") == "cubic" ||
      node.String("keep_aspect_ratio_policy", "stretch") != "stretch" ||
      node.String("coordinate_transformation_mode") == "tf_crop_and_resize")
    return false;
  const auto factors = FactorsOf(node, *rank);
  if (!factors) return false;
  const bool sized = node.input(3) != nullptr, repeats = RepeatsInOtherWords(node, *factors);
  if (!sized && !repeats) return false;
  context.Note(node, repeats ? "by whole factors it repeats each element: asymmetric and floor say so"
                             : "its sizes are whole multiples: scales say so");
  if (repeats) {
    node.Set("coordinate_transformation_mode", std::string("asymmetric"));
    node.Set("nearest_mode", std::string("floor"));
  }
  if (!sized) return true;
  const std::vector<Value*> before = node.inputs();
  const std::vector<float> scales(factors->begin(), factors->end());
  Value& constant = NewConstant(node, "_scales", Tensor::Of<float>({static_cast<int64_t>(*rank)}, scales));
  SetInputs(node, {node.input(0), node.input(1), &constant});
  RemoveIfUnused(before);
  SHOEHORN_TRY(context.InferFrom(node));
  return true;
}

}  // namespace

Result<bool> ResizeModes(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Respell);
}

}  // namespace shoehorn::passes
