// Arrays on their way into a model: checked against the input's shape and type, then (value - mean) * scale.
// Spoken words stored as int8 [49, 10] enter a float input [1, 1, 49, 10] with mean 83 and scale 0.58.
#pragma once

#include <filesystem>

#include "data/samples.h"

namespace shoehorn::data {

/// A row of mean and scale for each channel must say where the channels are. Errors: place is the input's
/// name.
Status CheckNormalization(const InputSpec& input);

/// `values` as the input wants them. Leading dimensions of 1 may be missing or too many. The type must be the
/// input's, unless `convert` is set or mean or scale are: then values are converted. Errors name `file`.
Result<ir::Tensor> FitArray(const InputSpec& input, const ir::Tensor& values, bool convert,
                            const std::string& file);

/// A file of nothing but elements of `type`, as many as the input has.
Result<ir::Tensor> ReadRaw(const std::filesystem::path& path, const InputSpec& input, ir::DataType type);

}  // namespace shoehorn::data
