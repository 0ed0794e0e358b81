// Images on their way into a model: decode, bring to the model's height and width, order the channels, (value
// - mean) * scale. A photograph of 640x480 letterboxed into 416x416 becomes 416x312 pixels, and 104 rows of
// `pad` below them.
#pragma once

#include <filesystem>
#include <vector>

#include "data/samples.h"

namespace shoehorn::data {

/// Where height, width and channels stand in `input.shape`.
struct ImageAxes {
  int64_t height = 0, width = 0, channels = 0;
  bool channels_last = false;
};

/// Errors (place: the input's name): a shape that is no picture of one or three channels, a batch above 1, a
/// colour order that does not fit the channels, more or fewer means or scales than channels.
Result<ImageAxes> AxesOf(const InputSpec& input);

/// Decodes and preprocesses one file; fills the sample's inputs, sizes, scale and offset.
/// Errors: a file that does not decode or ends early; Resize::kNone and another size than the model's.
Status LoadImage(const std::filesystem::path& path, const InputSpec& input, Sample& sample);

/// Class of each pixel, row by row.
struct Mask {
  int width = 0, height = 0;
  std::vector<uint8_t> classes;
};
Result<Mask> LoadMask(const std::filesystem::path& path);

}  // namespace shoehorn::data
