#include "place/prepare.h"

#include "engines/evaluator.h"
#include "formats/onnx.h"
#include "passes/pipeline.h"
#include "place/packing.h"
#include "quant/quantize.h"

namespace shoehorn::place {

Result<std::unique_ptr<ir::Model>> PreparedModel(fit::Spec& spec, const std::vector<Packing>& packings) {
  SHOEHORN_ASSIGN(auto model, formats::LoadOnnx(spec.model));
  if (std::ranges::find(packings, Packing::kInt8) != packings.end() && model->Opset() < kPackingOpset)
    if (auto converted = formats::ConvertOpset(*model, quant::kPerChannelOpset); converted.ok())
      model = std::move(*converted);
  SHOEHORN_TRY(fit::MatchModel(spec, *model));
  const auto types = formats::MakeTypeInference(*model);
  const auto evaluator = engines::MakeEvaluator();
  passes::SimplifyOptions options;
  for (const data::InputSpec& input : spec.inputs) options.shapes[input.name] = input.shape;
  options.symbols = spec.symbols;
  options.types = types.get();
  options.evaluator = evaluator.get();
  if (const auto report = passes::Simplify(*model, options); !report.ok()) return report.error();
  return model;
}

}  // namespace shoehorn::place
