// What it costs to bring a tensor from one unit of a device to another. One after the other:
// - transfer: the latency of the way, and the bytes in the maker's precision over its bandwidth;
// - conversion, where the two hold the tensor in another precision or layout: read once and written once by
//   the receiver, over its bandwidth;
// - start: the receiver's dispatch, because an island of it starts with the tensor. An island that several
//   tensors enter is counted as often, so that costs stay sums over tensors: an upper bound.
//   float[1,64,80,80] from a CPU in fp32 to an NPU in int8, 10 GB/s and 30 us: 1.6 MB, 194 us; read as floats
//   and written as bytes at 34 GB/s: 60 us; dispatch 200 us
#pragma once

#include <string>

#include "ir/graph.h"
#include "place/amount.h"
#include "targets/device.h"

namespace shoehorn::place {

struct CopiedTensor {
  const ir::Value* value = nullptr;
  bool from_caller = false;     ///< an input of the model: as its type says, in rows
  bool to_caller_only = false;  ///< an output that no operator reads: nothing starts where it arrives
};

struct CopyParts {
  double bytes = 0;  ///< that are transferred
  Amount transfer, conversion, start;
  Amount total() const { return transfer + conversion + start; }
};

/// A unit and the precision that it computes in.
struct Holder {
  const targets::Unit& unit;
  const std::string& precision;
};

/// How a unit's runtime lays images out: "channels first" (ONNX Runtime, OpenVINO, TensorRT), "channels last"
/// (TensorFlow Lite, QNN), "channel blocks" (RKNN).
std::string LayoutOf(const targets::Unit& unit);

/// Between two units of `device`. Open dimensions count as none: a lower bound.
CopyParts CopyBetween(const targets::Device& device, const CopiedTensor& tensor, const Holder& from,
                      const Holder& to);

/// What `unit` costs while it is busy for so many seconds.
Amount BusyFor(const targets::Unit& unit, double seconds, targets::FactKind kind);

}  // namespace shoehorn::place
