// One frame's way through the agent: what its threads hand to each other.
#pragma once

#include <chrono>
#include <string>

#include "runtime/agent.h"

namespace shoehorn::runtime {

inline double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }
inline Clock::duration Duration(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

struct Agent::Frame {
  int64_t number = 0;
  std::string id;
  Clock::time_point arrived, taken, deadline;
  std::chrono::system_clock::time_point wall;
  Tensors inputs;
  Tensors kept;          // the device's own answer, when a cascade made one
  Tensors head_answers;  // outputs of the model that the head makes
  std::string why;
  bool loaded = false, asked = false, falling_back = false, done = false;
  Clock::time_point ask_time, turn_time,
      finish_time;     // the tail asked, the fallback wanted, the answer there
  bool probe = false;  // asks the tail though it is not expected in time
  double engine_s = 0, wire_s = 0, waited_s = 0;
};

}  // namespace shoehorn::runtime
