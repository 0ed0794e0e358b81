// Packing of what crosses a link, written into the two halves themselves: the head ends in QuantizeLinear or
// Cast, the tail begins with its reverse. So the halves stay plain ONNX for any engine or server, the
// accuracy of head and tail together is measured with the packing in place, and the agent moves bytes without
// knowing why.
#pragma once

#include <string>
#include <vector>

#include "place/extract.h"
#include "place/plan.h"

namespace shoehorn::place {

struct WireTensor {
  std::string value;  ///< a name of Halves::crossing
  Packing packing = Packing::kNone;
  double scale = 1;  ///< int8: real = (stored - zero_point) * scale, stored as uint8
  int64_t zero_point = 0;
};

/// The first opset with QuantizeLinear, which int8 packing is written with.
inline constexpr int64_t kPackingOpset = 10;

/// Scale and zero point that spend 8 bits on the numbers from `low` to `high` and on zero.
void SpendOn(double low, double high, WireTensor& tensor);

/// Bytes that one element takes on the wire.
double BytesOnWire(Packing packing, ir::DataType type);

/// "x" packed as int8 crosses as "x_u8", as float16 as "x_f16". Only float values are packed. Changes
/// Halves::crossing to the names on the wire. Errors: a model whose opset (below 10) has no QuantizeLinear.
Status Pack(Halves& halves, const std::vector<WireTensor>& tensors);

/// The whole model with the packing of these tensors in place: packed and unpacked again before what is not
/// in the head reads them. `in_head` as in SplitModel(). Errors: as in Pack().
Result<std::unique_ptr<ir::Model>> WithPacking(const ir::Model& model, const std::vector<bool>& in_head,
                                               const std::vector<WireTensor>& tensors);

}  // namespace shoehorn::place
