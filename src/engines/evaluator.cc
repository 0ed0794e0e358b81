#include "engines/evaluator.h"

#include "engines/onnxruntime_api.h"
#include "formats/onnx.h"

namespace shoehorn::engines {
namespace {

// One thread, nothing fused, no arena that keeps memory, no repacked weights: each session runs once.
Ort::SessionOptions PlainOptions() {
  Ort::SessionOptions options;
  options.SetGraphOptimizationLevel(ORT_DISABLE_ALL);
  options.SetIntraOpNumThreads(1);
  options.DisableMemPattern();
  options.DisableCpuMemArena();
  options.AddConfigEntry("session.disable_prepacking", "1");
  options.SetLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);
  return options;
}

class OrtEvaluator : public ir::Evaluator {
 public:
  Result<std::vector<ir::Tensor>> Evaluate(const ir::Model& model) override { return RunReference(model, {}); }
};

}  // namespace

std::unique_ptr<ir::Evaluator> MakeEvaluator() { return std::make_unique<OrtEvaluator>(); }

Result<std::vector<ir::Tensor>> RunReference(const ir::Model& model, std::span<const ir::Tensor> inputs) {
  SHOEHORN_ASSIGN(Ort::Env * env, OpenOnnxRuntime());
  SHOEHORN_ASSIGN(const std::string bytes, formats::SerializeOnnx(model));
  try {
    Ort::Session session(*env, bytes.data(), bytes.size(), PlainOptions());
    return RunOrt(session, InputsOf(session), OutputsOf(session), inputs);
  } catch (const Ort::Exception& error) {
    Diagnostic diagnostic = OrtError("refuses the model", error);
    diagnostic.file = model.source.string();
    return diagnostic;
  }
}

}  // namespace shoehorn::engines
