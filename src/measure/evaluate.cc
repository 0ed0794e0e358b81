// The metric on samples, in a worker: the engine and the precision that will be used, so that what is scored
// is what will run.
#include "measure/measure.h"
#include "measure/worker_client.h"

namespace shoehorn::measure {
namespace {

Result<Json> OverSamples(const Subject& subject, const EvaluateOptions& options, Json request,
                         const char* key) {
  const WorkerClient::Limits limits{options.timeout, options.stop, options.progress};
  SHOEHORN_ASSIGN(const auto worker, WorkerClient::Load(subject, /*profile=*/false, limits));
  request["samples"] = options.samples;
  request["inputs"] = options.inputs;
  return worker->Ask(request, key);
}

}  // namespace

Result<std::vector<data::Observation>> Evaluate(const Subject& subject, const EvaluateOptions& options) {
  SHOEHORN_ASSIGN(
      const Json answer,
      OverSamples(subject, options,
                  {{"do", "evaluate"}, {"metric", options.metric}, {"reference", options.reference}},
                  "rows"));
  std::vector<data::Observation> rows;
  for (const Json& row : answer) rows.push_back(ToObservation(row));
  return rows;
}

Status RecordOutputs(const Subject& subject, const EvaluateOptions& options,
                     const std::filesystem::path& folder) {
  SHOEHORN_TRY(OverSamples(subject, options, {{"do", "record"}, {"folder", folder}}, nullptr));
  return Ok();
}

}  // namespace shoehorn::measure
