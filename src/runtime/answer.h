// What the agent says about a frame, once: who answered, when, why not somebody better, and the outputs. One
// line of JSON:
//   {"frame":12,"id":"a.jpg","arrived":"2026-01-31T12:00:00.123Z","latency_ms":41.2,"late":false,"by":"tail",
//   ...}
#pragma once

#include <chrono>
#include <string>

#include "place/plan.h"
#include "runtime/stage.h"

namespace shoehorn::runtime {

/// kNone: nobody could, and the line says so by the deadline.
enum class By { kTail, kDevice, kFallback, kNone };
std::string_view NameOf(By by);  ///< "tail", "device", "fallback", "none"

struct Answer {
  int64_t frame = 0;
  std::string id;
  std::chrono::system_clock::time_point arrived;  ///< only written down
  By by = By::kNone;
  std::string why;             ///< why it was not the tail
  std::string outputs = "{}";  ///< OutputsJson
  double latency_s = 0;
  bool late = false;
  double engine_s = 0;     ///< decoding and engines of this process
  double wire_s = 0;       ///< from asking the tail to its answer
  double own_s = 0;        ///< the rest: what the agent itself took; without what it waited for on purpose
  std::string event;       ///< its key, empty for none
  std::string event_kept;  ///< "disk", "memory", "dropped"
};

/// An object: each output's type, shape, greatest element and its place; with `values` all elements, too.
std::string OutputsJson(const Tensors& outputs, bool values);

/// One line with its newline.
std::string AnswerLine(const Answer& answer);

/// "2026-01-31T12:00:00.123Z"
std::string UtcText(std::chrono::system_clock::time_point time);

/// Whether the rule holds; false, too, when the output is not there or has no numbers.
bool IsEvent(const place::EventRule& rule, const Tensors& outputs);
/// JSON of an event: the answer's facts and the rule that it met.
std::string EventBody(const place::EventRule& rule, const Answer& answer);

}  // namespace shoehorn::runtime
