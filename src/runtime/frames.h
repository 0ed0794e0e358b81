// Where frames come from: the samples of a folder, at the ticks of a clock, or a pipe that hands over
// tensors. A frame has arrived at its tick, or when its last byte was read; decoding comes after.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "data/samples.h"
#include "place/plan.h"
#include "runtime/agent_options.h"

namespace shoehorn::runtime {

struct Arrival {
  std::chrono::steady_clock::time_point arrived;  ///< the tick
  std::chrono::steady_clock::time_point taken;    ///< when this process noticed
};

class FrameSource {
 public:
  /// Errors: no samples, samples that do not fit the inputs, inputs that a pipe cannot carry.
  static Result<std::unique_ptr<FrameSource>> Open(const AgentOptions& options, const place::Plan& plan);
  virtual ~FrameSource() = default;

  /// Waits for the next frame; nothing after the last one and after an interrupt. Errors: a pipe that ends
  /// inside a frame or cannot be read.
  virtual Result<std::optional<Arrival>> Wait() = 0;
  /// The inputs of the frame that Wait gave last, in the order of the plan's. Errors: the file is damaged.
  virtual Result<data::Sample> Load() = 0;
};

}  // namespace shoehorn::runtime
