// What a worker and its master say to each other: one JSON object a line, {"do": "time", "runs": 20} one way
// and
// {"ms": [...]} or {"error": {...}} back; long work also sends {"done": 12, "of": 86} lines. Tensors travel
// as .npy files. For the files of this folder only.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/metric.h"
#include "data/samples.h"
#include "engines/engine.h"
#include "measure/measure.h"

namespace shoehorn {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Diagnostic, file, place, found, expected, fix, blame)

namespace data {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(InputSpec, name, type, shape, layout, color, resize, resize_shorter, pad,
                                   mean, scale)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SamplesSpec, format, folder, labels, labels_path, csv_file_column,
                                   csv_label_column, raw_type, limit, offset)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MetricSpec, name, k, vocabulary, blank, ignore, output, score_threshold,
                                   iou_threshold, strides, command, higher_is_better)
}  // namespace data

namespace engines {
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LayerTime, name, op_type, precision, origins, mean_ms, fast_ms)
}  // namespace engines

namespace measure {

using Json = nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Subject, engine, precision, threads, engine_defaults, pairs_as_written,
                                   artifact)

/// Writes tensor i as `<folder>/<prefix>i.npy`. Errors: a type that has no .npy form (strings, 4-bit
/// integers, bfloat16).
Status WriteTensors(const std::vector<ir::Tensor>& tensors, const std::filesystem::path& folder,
                    const std::string& prefix);
/// Reads them back, from 0 up to the first that is not there.
Result<std::vector<ir::Tensor>> ReadTensors(const std::filesystem::path& folder, const std::string& prefix);

/// JSON has no NaN: it travels as null.
Json ToJson(const data::Observation& row);
data::Observation ToObservation(const Json& row);

}  // namespace measure
}  // namespace shoehorn
