// ONNX Runtime's library, opened when first needed, and its tensors to and from ours. For this folder
// and for judges that speak to compilers through ONNX Runtime:
//   SHOEHORN_ASSIGN(Ort::Env* env, OpenOnnxRuntime());
//   Ort::Session session(*env, path, options);
#pragma once

#include <onnxruntime_cxx_api.h>

#include <span>
#include <string>
#include <vector>

#include "engines/engine.h"

namespace shoehorn::engines {

/// Opens the library on the first call: $SHOEHORN_ONNXRUNTIME, else ../lib beside the program, else where the
/// build found it. Errors: no library there, or one that is too old for the headers.
Result<Ort::Env*> OpenOnnxRuntime();
/// The same without an environment, of which a process has one: for a judge, which makes its own to hear the
/// log. Gives the version.
Result<std::string> OpenOnnxRuntimeLibrary();
/// "1.32.0"; empty when the library does not open.
std::string OnnxRuntimeVersion();

/// A view of `tensor`, which must outlive the value.
Ort::Value ToOrt(const ir::Tensor& tensor);
/// A copy. Errors: `value` is no tensor (a sequence, a map, an absent optional).
Result<ir::Tensor> FromOrt(Ort::ConstValue value, const std::string& name);

/// Names, types and shapes of a session's inputs or outputs; a port that is no tensor has the type
/// kUndefined.
std::vector<Port> InputsOf(const Ort::Session& session);
std::vector<Port> OutputsOf(const Ort::Session& session);

/// The names alone, as ONNX Runtime takes them; pointers into `ports`.
std::vector<const char*> NamesOf(const std::vector<Port>& ports);
/// Checks `tensors` against the inputs and runs the session for all of its outputs.
Result<std::vector<ir::Tensor>> RunOrt(Ort::Session& session, const std::vector<Port>& inputs,
                                       const std::vector<Port>& outputs, std::span<const ir::Tensor> tensors);

/// "ONNX Runtime cannot run the model: ..." in its own words.
Diagnostic OrtError(const std::string& doing, const Ort::Exception& error);

}  // namespace shoehorn::engines
