#include "measure/protocol.h"

#include <cmath>
#include <limits>

#include "data/npy.h"
#include "support/files.h"

namespace shoehorn::measure {
namespace {

namespace fs = std::filesystem;

// A member that is added to one of these structures and forgotten in protocol.h would be lost on the way to
// the worker; naming them all here makes that a compile error.
[[maybe_unused]] void EveryMemberTravels(const data::InputSpec& input, const data::SamplesSpec& samples,
                                         const data::MetricSpec& metric, const Subject& subject) {
  [[maybe_unused]] const auto& [a1, a2, a3, a4, a5, a6, a7, a8, a9, a10] = input;
  [[maybe_unused]] const auto& [b1, b2, b3, b4, b5, b6, b7, b8, b9] = samples;
  [[maybe_unused]] const auto& [c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11] = metric;
  [[maybe_unused]] const auto& [d1, d2, d3, d4, d5, d6] = subject;
}

bool HasNpyForm(ir::DataType type) {
  switch (type) {
    case ir::DataType::kFloat:
    case ir::DataType::kDouble:
    case ir::DataType::kFloat16:
    case ir::DataType::kBool:
    case ir::DataType::kInt8:
    case ir::DataType::kInt16:
    case ir::DataType::kInt32:
    case ir::DataType::kInt64:
    case ir::DataType::kUint8:
    case ir::DataType::kUint16:
    case ir::DataType::kUint32:
    case ir::DataType::kUint64:
      return true;
    default:
      return false;
  }
}

fs::path TensorPath(const fs::path& folder, const std::string& prefix, size_t i) {
  return folder / (prefix + std::to_string(i) + ".npy");
}

}  // namespace

Status WriteTensors(const std::vector<ir::Tensor>& tensors, const fs::path& folder,
                    const std::string& prefix) {
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (!HasNpyForm(tensors[i].type())) {
      Diagnostic diagnostic;
      diagnostic.place = "tensor " + std::to_string(i);
      diagnostic.found = "elements of type " + std::string(ir::NameOf(tensors[i].type()));
      diagnostic.expected = "a type that NumPy knows: tensors are handed over as .npy files";
      return diagnostic;
    }
    SHOEHORN_TRY(WriteAtomically(TensorPath(folder, prefix, i), data::FormatNpy(tensors[i])));
  }
  return Ok();
}

Result<std::vector<ir::Tensor>> ReadTensors(const fs::path& folder, const std::string& prefix) {
  std::vector<ir::Tensor> tensors;
  for (size_t i = 0; fs::exists(TensorPath(folder, prefix, i)); ++i) {
    SHOEHORN_ASSIGN(ir::Tensor tensor, data::ReadNpy(TensorPath(folder, prefix, i)));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Json ToJson(const data::Observation& row) {
  Json out = Json::array();
  for (const double value : row) out.push_back(std::isfinite(value) ? Json(value) : Json(nullptr));
  return out;
}

data::Observation ToObservation(const Json& row) {
  data::Observation out;
  out.reserve(row.size());
  for (const Json& value : row)
    out.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>());
  return out;
}

}  // namespace shoehorn::measure
