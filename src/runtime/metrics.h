// The agent's figures in Prometheus' text format on http://127.0.0.1:PORT/metrics. Counting works without a
// port, too.
#pragma once

#include <memory>
#include <optional>

#include "runtime/answer.h"
#include "runtime/tail_client.h"

namespace shoehorn::runtime {

/// What is true now, asked at the end of each answer.
struct Gauges {
  int64_t events_waiting = 0, events_in_memory = 0, events_sent = 0, events_dropped = 0;
  bool link_up = true;
};

class Metrics {
 public:
  /// `port`: nothing listens without one; 0 takes a free one. Errors: the port is taken.
  static Result<std::unique_ptr<Metrics>> Create(std::optional<int> port);
  virtual ~Metrics() = default;

  virtual int port() const = 0;  ///< 0 when nothing listens
  virtual void Count(const Answer& answer) = 0;
  virtual void Count(TailFault fault) = 0;
  virtual void Set(const Gauges& gauges) = 0;
};

}  // namespace shoehorn::runtime
