// ONNX's own textual syntax, and conversion between opsets: thin doors to libonnx's parser, printer and
// converter.
#include <onnx/defs/parser.h>
#include <onnx/defs/printer.h>
#include <onnx/defs/schema.h>
#include <onnx/version_converter/convert.h>

#include "formats/onnx.h"
#include "formats/onnx_proto.h"

namespace shoehorn::formats {

Result<std::unique_ptr<ir::Model>> ParseText(std::string_view text) {
  onnx::ModelProto proto;
  Diagnostic diagnostic;
  diagnostic.place = "model text";
  diagnostic.expected = "ONNX's textual syntax";
  try {
    onnx::OnnxParser parser(text);
    const auto status = parser.Parse(proto);
    if (status.IsOK()) return ModelFromProto(proto, {}, true, true);
    diagnostic.found = status.ErrorMessage();
  } catch (const std::exception& error) {
    diagnostic.found = error.what();
  }
  return diagnostic;
}

std::string PrintText(const ir::Model& model, bool elide) {
  onnx::ModelProto proto;
  ExportOptions options;
  options.value_types = false;
  options.elide_above = elide ? 16 : 0;
  ModelToProto(model, options, proto);
  return onnx::ProtoToString(proto);
}

int64_t NewestOpset() { return onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map().at("").second; }

Result<std::unique_ptr<ir::Model>> ConvertOpset(const ir::Model& model, int64_t opset) {
  try {
    onnx::ModelProto proto;
    ModelToProto(model, {}, proto);
    onnx::ModelProto converted = onnx::version_conversion::ConvertVersion(proto, static_cast<int>(opset));
    return ModelFromProto(converted, model.source, false, false);
  } catch (const std::exception& error) {
    Diagnostic diagnostic;
    diagnostic.file = model.source.string();
    diagnostic.found = "opset " + std::to_string(model.Opset()) + " cannot be converted to " +
                       std::to_string(opset) + ": " + error.what();
    return diagnostic;
  }
}

}  // namespace shoehorn::formats
