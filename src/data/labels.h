// Labels: what is known to be true of each sample, from a CSV file (img/0001.jpg,KAPN3147), YOLO text files
// (one a picture, a box a line: class x y w h) or class-index masks (one PNG a picture). All are read and
// checked before any model runs.
#pragma once

#include <string>
#include <vector>

#include "data/samples.h"

namespace shoehorn::data {

/// One label for each of `ids` (paths relative to the samples' folder). Boxes are still relative to the
/// picture, 0 to 1. A picture without a YOLO file holds no objects; every other label and sample must find
/// its partner. Errors: a label without a sample, a sample without a label, a malformed line; each names file
/// and line.
Result<std::vector<Label>> ReadLabels(const SamplesSpec& spec, const std::vector<std::string>& ids);

}  // namespace shoehorn::data
