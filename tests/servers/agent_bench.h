// A small plan in a scratch folder with everything that the agent needs: models, frames, certificates; and
// what its answers say. The model computes y = 2 x + 1 on float[1,4]; frame i of the folder is all i.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "place/plan.h"
#include "support/background.h"
#include "support/scratch.h"

namespace shoehorn::testing {

class AgentBench {
 public:
  static constexpr int kFrames = 8;
  AgentBench();

  /// head (h = 2 x) here, the tail (y = h + 1) at `port` of this machine, the whole model as fallback.
  place::Plan SplitPlan(int port) const;
  /// The tail as a file, for a server that hosts it.
  std::filesystem::path WriteTail() const;
  /// Events where y is above `above`, to `port` of this machine.
  place::EventRule Events(const std::string& scheme, int port, double above) const;
  void Write(const place::Plan& plan) const;

  /// A self-made authority in ca.pem, and server.pem with server.key, valid for localhost and 127.0.0.1;
  /// another.pem is an authority that signed nothing. False where there is no openssl.
  bool MakeCertificates() const;
  std::string Read(const std::string& file) const;

  /// `shoehorn run plan.json` on the folder's frames, over and over.
  std::vector<std::string> Command(int count, double rate, const std::vector<std::string>& more = {}) const;
  std::unique_ptr<Background> Start(int count, double rate, const std::vector<std::string>& more = {},
                                    const std::vector<std::string>& environment = {}) const;
  /// event_receiver.py writing to `log`; its port is known when this returns.
  struct Receiver {
    std::unique_ptr<Background> program;
    int port = 0;
  };
  Receiver StartReceiver(const std::vector<std::string>& more) const;
  /// What the receiver has, in the order in which it came.
  std::vector<nlohmann::json> Received() const;

  std::filesystem::path path(const std::string& name) const { return scratch_.path() / name; }
  const Scratch& scratch() const { return scratch_; }

 private:
  Scratch scratch_;
};

/// The answers among lines of JSON.
std::vector<nlohmann::json> Lines(const std::string& text);
/// How many answers are by `by`.
int CountBy(const std::vector<nlohmann::json>& answers, const std::string& by);

}  // namespace shoehorn::testing
