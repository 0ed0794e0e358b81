#include "cost/variants.h"

#include <fmt/format.h>

#include <random>

#include "engines/engine.h"
#include "engines/evaluator.h"
#include "formats/onnx.h"
#include "quant/quantize.h"
#include "support/temporary.h"

namespace shoehorn::cost {

Result<std::unique_ptr<ir::Model>> Simplified(const ir::Model& model, const passes::SimplifyOptions& shapes) {
  auto copy = ir::Clone(model);
  const auto types = formats::MakeTypeInference(*copy);
  const auto evaluator = engines::MakeEvaluator();
  passes::SimplifyOptions options = shapes;
  options.types = types.get();
  options.evaluator = evaluator.get();
  for (const ir::Value* input : copy->graph->inputs()) {
    if (input->initializer() != nullptr || !input->type.has_rank) continue;
    ir::Shape& shape = options.shapes[input->name()];
    shape.resize(input->type.dims.size(), -1);
    for (size_t i = 0; i < shape.size(); ++i) {
      const ir::Dim& dim = input->type.dims[i];
      const bool named = options.symbols.contains(dim.symbol);
      if (shape[i] < 0 && !dim.known() && !named) shape[i] = 1;
    }
  }
  SHOEHORN_TRY(passes::Simplify(*copy, options));
  SHOEHORN_TRY(types->InferGraph(*copy->graph));
  return copy;
}

Result<std::vector<ir::Tensor>> RandomInputs(const ir::Graph& graph) {
  std::mt19937 random(1);
  std::vector<ir::Tensor> tensors;
  for (const ir::Value* input : graph.inputs()) {
    if (input->initializer() != nullptr) continue;
    if (!input->type.is_static()) {
      Diagnostic diagnostic;
      diagnostic.file = graph.model().source.string();
      diagnostic.place = fmt::format("input '{}'", input->name());
      diagnostic.found = "its shape is open";
      diagnostic.fix = "pin it with --shape";
      return diagnostic;
    }
    const ir::Shape shape = input->type.shape();
    const ir::DataType type = input->type.element;
    const bool real =
        type == ir::DataType::kFloat || type == ir::DataType::kFloat16 || type == ir::DataType::kDouble;
    std::vector<double> numbers(static_cast<size_t>(ir::ElementCount(shape)));
    for (double& number : numbers)
      number = real            ? static_cast<double>(random() % 4096) / 4096
               : shape.empty() ? 16000.0
                               : static_cast<double>(random() % 2);
    tensors.push_back(ir::Tensor::FromDoubles(type, shape, numbers));
  }
  return tensors;
}

Result<std::unique_ptr<ir::Model>> Quantized(const ir::Model& simplified, const std::string& engine) {
  SHOEHORN_ASSIGN(auto model, quant::PrepareModel(simplified));
  const std::vector<std::string> names = quant::ActivationsToObserve(*model->graph, engine);
  const auto observed = quant::WithObservedOutputs(*model, names);
  SHOEHORN_ASSIGN(const auto folder, TemporaryFolder::Create());
  const auto file = folder->path() / "observed.onnx";
  SHOEHORN_TRY(formats::SaveOnnx(*observed, file));
  SHOEHORN_ASSIGN(engines::Engine* const runtime, engines::FindEngine("onnxruntime"));
  SHOEHORN_ASSIGN(const auto session, runtime->Load(file, {}));
  SHOEHORN_ASSIGN(const std::vector<ir::Tensor> inputs, RandomInputs(*model->graph));
  SHOEHORN_ASSIGN(const auto table, quant::Calibrate(names, model->graph->outputs().size(), 1,
                                                     [&](size_t) { return session->Run(inputs); }));
  quant::QuantizeOptions options;
  options.engine = engine;
  options.reduce_range = !quant::HasVnni();
  SHOEHORN_ASSIGN(const quant::QuantizeReport report, quant::Quantize(*model, table, options));
  if (report.quantized_nodes == 0) {
    Diagnostic diagnostic;
    diagnostic.file = simplified.source.string();
    diagnostic.found = "no operator of the model can run in integers in this engine";
    return diagnostic;
  }
  const auto types = formats::MakeTypeInference(*model);
  SHOEHORN_TRY(types->InferGraph(*model->graph));
  return model;
}

}  // namespace shoehorn::cost
