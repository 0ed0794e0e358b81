#include "runtime/frames.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "support/interrupt.h"

namespace shoehorn::runtime {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::milliseconds(100);  // between two looks at an interrupt

/// Tick i stands at start + i / rate, so that no delay adds up.
class Ticks {
 public:
  explicit Ticks(double rate) : period_(1 / rate) {}

  /// Nothing when interrupted.
  std::optional<Clock::time_point> Wait() {
    if (number_ == 0) start_ = Clock::now();
    const auto tick =
        start_ + std::chrono::duration_cast<Clock::duration>(period_ * static_cast<double>(number_++));
    while (!Interrupted()) {
      const auto now = Clock::now();
      if (now >= tick) return tick;
      std::this_thread::sleep_until(std::min(tick, now + kPatience));
    }
    return std::nullopt;
  }

 private:
  std::chrono::duration<double> period_;
  int64_t number_ = 0;
  Clock::time_point start_;
};

class FolderFrames : public FrameSource {
 public:
  FolderFrames(std::unique_ptr<data::SampleSet> samples, const AgentOptions& options, double rate)
      : samples_(std::move(samples)), ticks_(rate), limit_(options.count), repeat_(options.repeat) {}

  Result<std::optional<Arrival>> Wait() override {
    if (limit_ > 0 && given_ >= limit_) return std::optional<Arrival>();
    if (!repeat_ && given_ >= static_cast<int64_t>(samples_->size())) return std::optional<Arrival>();
    const auto tick = ticks_.Wait();
    if (!tick) return std::optional<Arrival>();
    ++given_;
    return std::optional(Arrival{*tick, Clock::now()});
  }

  Result<data::Sample> Load() override {
    return samples_->Load(static_cast<size_t>(given_ - 1) % samples_->size());
  }

 private:
  std::unique_ptr<data::SampleSet> samples_;
  Ticks ticks_;
  int64_t limit_;
  bool repeat_;
  int64_t given_ = 0;
};

class PipeFrames : public FrameSource {
 public:
  PipeFrames(const std::vector<data::InputSpec>& inputs, const AgentOptions& options, double rate)
      : inputs_(inputs), ticks_(rate), limit_(options.count) {
    for (const data::InputSpec& input : inputs_)
      size_ += static_cast<size_t>(ir::ElementCount(input.shape) * ir::BitsOf(input.type) / 8);
  }

  Result<std::optional<Arrival>> Wait() override {
    if (limit_ > 0 && given_ >= limit_) return std::optional<Arrival>();
    bytes_ = std::make_shared<std::vector<std::byte>>(size_);
    SHOEHORN_ASSIGN(const bool whole, Fill(*bytes_));
    if (!whole) return std::optional<Arrival>();
    // No faster than the rate: whoever writes the pipe waits meanwhile.
    const auto tick = ticks_.Wait();
    if (!tick) return std::optional<Arrival>();
    ++given_;
    const auto now = Clock::now();
    return std::optional(Arrival{now, now});
  }

  Result<data::Sample> Load() override {
    data::Sample sample;
    size_t offset = 0;
    for (const data::InputSpec& input : inputs_) {
      const auto size = static_cast<size_t>(ir::ElementCount(input.shape) * ir::BitsOf(input.type) / 8);
      sample.inputs.emplace_back(input.type, input.shape, std::span(*bytes_).subspan(offset, size), bytes_);
      offset += size;
    }
    return sample;
  }

 private:
  // False at the end between two frames, and when interrupted.
  Result<bool> Fill(std::vector<std::byte>& bytes) {
    size_t filled = 0;
    Diagnostic diagnostic;
    diagnostic.place = "standard input";
    while (filled < bytes.size()) {
      pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
      ::poll(&ready, 1, static_cast<int>(kPatience.count()));
      if (Interrupted()) return false;
      if (ready.revents == 0) continue;
      const ssize_t got = ::read(STDIN_FILENO, bytes.data() + filled, bytes.size() - filled);
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got < 0) {
        diagnostic.found = std::string("cannot be read: ") + std::strerror(errno);
        return diagnostic;
      }
      if (got == 0 && filled == 0) return false;
      if (got == 0) {
        diagnostic.found = "it ends after " + std::to_string(filled) + " bytes of a frame";
        diagnostic.expected = std::to_string(bytes.size()) + " bytes for each frame";
        return diagnostic;
      }
      filled += static_cast<size_t>(got);
    }
    return true;
  }

  std::vector<data::InputSpec> inputs_;
  Ticks ticks_;
  int64_t limit_;
  size_t size_ = 0;
  std::shared_ptr<std::vector<std::byte>> bytes_;
  int64_t given_ = 0;
};

}  // namespace

Result<std::unique_ptr<FrameSource>> FrameSource::Open(const AgentOptions& options, const place::Plan& plan) {
  const double rate = options.rate_per_s > 0 ? options.rate_per_s : plan.rate_per_s;
  if (options.frames == "-") return std::unique_ptr<FrameSource>(new PipeFrames(plan.inputs, options, rate));
  data::SamplesSpec spec;
  spec.format = options.format;
  spec.folder = options.frames;
  if (plan.inputs.size() == 1) spec.raw_type = plan.inputs[0].type;
  SHOEHORN_ASSIGN(auto samples, data::OpenSamples(spec, plan.inputs));
  // The decoders are opened by the first picture; that it may be damaged is said when its turn comes.
  static_cast<void>(samples->Load(0));
  return std::unique_ptr<FrameSource>(new FolderFrames(std::move(samples), options, rate));
}

}  // namespace shoehorn::runtime
