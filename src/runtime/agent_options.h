// What `shoehorn run` is told beside the plan. Light, since the program that only shows its help includes it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "data/samples.h"

namespace shoehorn::runtime {

struct AgentOptions {
  std::filesystem::path plan;
  /// A folder of samples, or "-": standard input, the bytes of the model's inputs one frame after the other.
  std::filesystem::path frames;
  data::SampleFormat format = data::SampleFormat::kImages;  ///< of the folder
  double rate_per_s = 0;                                    ///< 0: the plan's
  int64_t count = 0;                                        ///< frames after which to stop; 0: all that come
  bool repeat = false;                                      ///< the folder over and over
  std::filesystem::path answers = "-";  ///< lines are appended to this file; "-": standard output
  bool values = false;                  ///< all elements of the outputs in the answers
  std::optional<int> metrics_port;      ///< on 127.0.0.1; 0: a free one, which the log names
  double linger_s = 2;                  ///< how long to go on sending events after the last frame
};

}  // namespace shoehorn::runtime
