// Sizes of tensors as a unit holds them, for the cost models: floats at the width of the precision that the
// unit computes in ("int8": one byte), integers as they are.
#pragma once

#include <string_view>

#include "ir/graph.h"

namespace shoehorn::cost {

/// Bytes of a tensor of `type`, 0 when its shape is open.
double BytesOf(const ir::Type& type, std::string_view precision);
/// Those of `value`'s.
inline double BytesOf(const ir::Value& value, std::string_view precision) {
  return BytesOf(value.type, precision);
}

}  // namespace shoehorn::cost
