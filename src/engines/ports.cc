#include "engines/ports.h"

namespace shoehorn::engines {
namespace {

std::string Describe(ir::DataType type, std::span<const int64_t> shape) {
  std::string text(ir::NameOf(type));
  text += '[';
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ',';
    text += shape[i] < 0 ? "?" : std::to_string(shape[i]);
  }
  return text + ']';
}

bool Fits(const Port& port, const ir::Tensor& tensor) {
  if (port.type != tensor.type() || port.shape.size() != tensor.rank()) return false;
  for (size_t i = 0; i < port.shape.size(); ++i)
    if (port.shape[i] >= 0 && port.shape[i] != tensor.dims()[i]) return false;
  return true;
}

}  // namespace

std::string DescribePort(const Port& port) { return Describe(port.type, port.shape); }

Status CheckInputs(std::span<const Port> ports, std::span<const ir::Tensor> inputs) {
  Diagnostic diagnostic;
  if (ports.size() != inputs.size()) {
    diagnostic.found = std::to_string(inputs.size()) + " inputs";
    diagnostic.expected = std::to_string(ports.size()) + " inputs:";
    for (const Port& port : ports) diagnostic.expected += " '" + port.name + "'";
    return diagnostic;
  }
  for (size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].dynamic_rank && ports[i].type == inputs[i].type()) continue;
    if (Fits(ports[i], inputs[i])) continue;
    diagnostic.place = "input '" + ports[i].name + "'";
    if (ports[i].type == ir::DataType::kUndefined) {
      diagnostic.found =
          "the model wants something other than a tensor here (a sequence, a map or an optional)";
      return diagnostic;
    }
    diagnostic.found = Describe(inputs[i].type(), inputs[i].dims());
    diagnostic.expected = DescribePort(ports[i]);
    return diagnostic;
  }
  return Ok();
}

}  // namespace shoehorn::engines
