#include "place/device_copy.h"

#include "cost/cost.h"
#include "cost/work.h"

namespace shoehorn::place {
namespace {

bool IsFloat(ir::DataType type) {
  return type == ir::DataType::kFloat || type == ir::DataType::kFloat16 || type == ir::DataType::kBfloat16 ||
         type == ir::DataType::kDouble;
}

/// Bytes of a tensor as its type says.
double DeclaredBytes(const ir::Type& type) {
  if (!type.is_static()) return 0;
  double bytes = ir::BitsOf(type.element) / 8.0;
  for (const ir::Dim& dim : type.dims) bytes *= static_cast<double>(dim.value);
  return bytes;
}

}  // namespace

std::string LayoutOf(const targets::Unit& unit) {
  if (unit.runtime == "tflite" || unit.runtime == "qnn") return "channels last";
  return unit.runtime == "rknn" ? "channel blocks" : "channels first";
}

Amount BusyFor(const targets::Unit& unit, double seconds, targets::FactKind kind) {
  Amount amount;
  amount.seconds = seconds;
  amount.energy_known = unit.busy_power.has_value() || seconds == 0;
  amount.joules = unit.busy_power ? unit.busy_power->value * seconds : 0;
  amount.kind = kind;
  if (unit.busy_power) amount.kind = targets::Weaker(kind, unit.busy_power->kind);
  return amount;
}

CopyParts CopyBetween(const targets::Device& device, const CopiedTensor& tensor, const Holder& from,
                      const Holder& to) {
  const ir::Type& type = tensor.value->type;
  CopyParts parts;
  parts.bytes = tensor.from_caller ? DeclaredBytes(type) : cost::BytesOf(type, from.precision);
  const cost::Cost transfer = cost::CopyCost(device, from.unit, to.unit, parts.bytes);
  parts.transfer = {transfer.seconds, transfer.joules, transfer.energy_known, transfer.kind};

  const double received = tensor.to_caller_only ? DeclaredBytes(type) : cost::BytesOf(type, to.precision);
  const bool precision = IsFloat(type.element) && received != parts.bytes;
  const std::string caller = "channels first";
  const bool layout = type.dims.size() >= 4 && (tensor.from_caller ? caller : LayoutOf(from.unit)) !=
                                                   (tensor.to_caller_only ? caller : LayoutOf(to.unit));
  if (precision || layout)
    parts.conversion =
        BusyFor(to.unit, (parts.bytes + received) / to.unit.bandwidth.value, targets::FactKind::kInferred);
  if (!tensor.to_caller_only) parts.start = BusyFor(to.unit, to.unit.dispatch.value, to.unit.dispatch.kind);
  return parts;
}

}  // namespace shoehorn::place
