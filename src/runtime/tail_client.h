// The tail of a plan on its server, asked over the Open Inference Protocol (KServe v2) on gRPC: Triton
// Inference Server, KServe and OpenVINO Model Server answer it.
//   client->Ask(frame, tensors, deadline, [](TailAnswer answer) { ... });
// Nothing here waits for a socket: an answer, an error or the deadline comes on the client's own thread. What
// comes back is checked by name, type, shape and length before anybody sees it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "place/plan.h"

namespace shoehorn::runtime {

using Clock = std::chrono::steady_clock;

/// Why a call gave nothing.
enum class TailFault {
  kNone,
  kLate,         ///< the deadline passed, or it was called off
  kUnreachable,  ///< no connection
  kRefused,      ///< the server's error
  kWrong,        ///< an answer that is not one: other names, types, shapes, lengths
};
/// "late", "unreachable", "refused", "wrong answer"
std::string_view NameOf(TailFault fault);

struct TailAnswer {
  TailFault fault = TailFault::kNone;
  std::string why;                  ///< of a fault, in words; the server's words are escaped and cut
  std::vector<ir::Tensor> outputs;  ///< in the order of Tail::outputs
  Clock::duration cost{};           ///< what packing and checking took of this process's time
};

class TailClient {
 public:
  /// `folder` is the plan's. Starts connecting and returns at once. Errors: certificates or a token that
  /// cannot be read.
  static Result<std::unique_ptr<TailClient>> Create(const place::Tail& tail,
                                                    const std::filesystem::path& folder);
  virtual ~TailClient() = default;

  /// `inputs` in the order of Tail::inputs. `done` is called exactly once, on another thread; it must not
  /// wait.
  virtual void Ask(int64_t frame, std::span<const ir::Tensor> inputs, Clock::time_point deadline,
                   std::function<void(TailAnswer)> done) = 0;
  /// The call of `frame` ends now, if it is open: `done` is called with kLate.
  virtual void CallOff(int64_t frame) = 0;
  /// False from the moment that a connection failed until there is one again.
  virtual bool reachable() const = 0;
};

}  // namespace shoehorn::runtime
