#include "runtime/agent.h"

#include <spdlog/spdlog.h>

#include "runtime/agent_frame.h"
#include "runtime/go_first.h"
#include "support/interrupt.h"

namespace shoehorn::runtime {
namespace {

// Guesses for the first answer, seconds; each answer after it is a measurement.
constexpr double kFirstOut = 0.001, kFirstStore = 0.005;

}  // namespace
Agent::Agent(AgentOptions options, place::Plan plan)
    : options_(std::move(options)), plan_(std::move(plan)), link_(plan_.rule) {}

Result<std::unique_ptr<Agent>> Agent::Create(const AgentOptions& options) {
  SHOEHORN_ASSIGN(place::Plan plan, place::LoadPlan(options.plan));
  std::unique_ptr<Agent> agent(new Agent(options, std::move(plan)));
  SHOEHORN_TRY(agent->SetUp());
  return agent;
}

Status Agent::SetUp() {
  const std::filesystem::path folder = options_.plan.parent_path();
  SHOEHORN_ASSIGN(source_, FrameSource::Open(options_, plan_));
  if (plan_.head) {
    SHOEHORN_ASSIGN(head_, Stage::Load(*plan_.head, plan_.inputs, folder));
    head_pace_ = Pace(head_->expected_s());
  }
  if (plan_.fallback) {
    SHOEHORN_ASSIGN(fallback_, Stage::Load(*plan_.fallback, plan_.inputs, folder));
    fallback_pace_ = Pace(fallback_->expected_s());
  }
  SHOEHORN_TRY(CheckOutputs());
  SHOEHORN_ASSIGN(metrics_, Metrics::Create(options_.metrics_port));
  SHOEHORN_ASSIGN(answers_file_, AppendFile::Open(options_.answers));
  out_pace_ = Pace(kFirstOut);
  if (plan_.events) {
    QueueOptions queue;
    queue.file = folder / plan_.events->queue;
    queue.max_events = plan_.events->max_events;
    queue.drop_oldest = plan_.events->when_full == "drop_oldest";
    SHOEHORN_ASSIGN(queue_, EventQueue::Open(queue));
    store_pace_ = Pace(kFirstStore + 2 * queue_->commit_s());
    SHOEHORN_ASSIGN(sender_, EventSender::Start(*plan_.events, folder, *queue_));
  }
  if (plan_.tail) {
    SHOEHORN_ASSIGN(tail_, TailClient::Create(*plan_.tail, folder));
  }
  return Ok();
}

/// Every name that the plan refers to is an output of whoever has to make it.
Status Agent::CheckOutputs() const {
  Diagnostic wrong;
  wrong.file = options_.plan.string();
  const auto missing = [&](const char* key, const std::string& output, const char* who) -> Status {
    wrong.place = key;
    wrong.found = "'" + Escaped(output) + "' is no output of " + who;
    return wrong;
  };
  if (plan_.tail) {
    for (const place::Crossing& crossing : plan_.tail->inputs) {
      const bool input =
          std::ranges::any_of(plan_.inputs, [&](const auto& known) { return known.name == crossing.name; });
      if (!input && !(head_ && head_->Has(crossing.name)))
        return missing("tail.inputs", crossing.name, "the head, and no input of the model");
    }
  }
  if (plan_.cascade && !fallback_->Has(plan_.cascade->output))
    return missing("cascade.output", plan_.cascade->output, "the fallback");
  if (!plan_.events) return Ok();
  const std::string& output = plan_.events->output;
  if (fallback_ && !fallback_->Has(output)) return missing("events.output", output, "the fallback");
  const bool made = head_ && head_->Has(output);
  if (!plan_.tail && !made) return missing("events.output", output, "the head");
  if (plan_.tail && !made &&
      std::ranges::none_of(plan_.tail->outputs, [&](const auto& known) { return known.name == output; }))
    return missing("events.output", output, "the tail");
  return Ok();
}

Agent::~Agent() = default;

Result<Summary> Agent::Run() {
  threads_.emplace_back([this] { HeadLoop(); });
  threads_.emplace_back([this] { WatchLoop(); });
  threads_.emplace_back([this] { FallbackLoop(); });
  threads_.emplace_back([this] { AnswerLoop(); });
  if (queue_) threads_.emplace_back([this] { StoreLoop(); });
  GoFirst();  // after the others, which would inherit it
  if (metrics_->port() > 0) spdlog::info("metrics at http://127.0.0.1:{}/metrics", metrics_->port());
  Status ended = Ok();
  while (true) {
    Result<std::optional<Arrival>> arrival = source_->Wait();
    if (!arrival.ok()) ended = arrival.error();
    if (!arrival.ok() || !*arrival) break;
    Take(**arrival);
  }
  {
    std::unique_lock lock(mutex_);
    settled_.wait(lock, [this] { return unanswered_ == 0 && unstored_ == 0; });
    if (queue_) {
      const auto until = Clock::now() + Duration(options_.linger_s);
      while (queue_->waiting() > 0 && Clock::now() < until && !Interrupted())
        settled_.wait_for(lock, std::chrono::milliseconds(20));
    }
    stop_ = true;
    to_head_.ready.notify_all(), to_fallback_.ready.notify_all(), to_answer_.ready.notify_all();
    to_store_.ready.notify_all();
    watch_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  tail_.reset();
  if (queue_) {
    summary_.sent = sender_->sent();
    sender_.reset();
    summary_.waiting = queue_->waiting();
    summary_.dropped = queue_->dropped();
  }
  if (!ended.ok()) return ended.error();
  return summary_;
}

void Agent::Take(const Arrival& arrival) {
  auto frame = std::make_shared<Frame>();
  frame->arrived = arrival.arrived;
  frame->taken = arrival.taken;
  frame->deadline = arrival.arrived + Duration(plan_.deadline_s);
  frame->wall = std::chrono::system_clock::now();
  bool earlier = false;
  {
    const std::lock_guard lock(mutex_);  // known before it is decoded, which may take too long
    frame->number = next_number_++;
    ++unanswered_;
    pending_.emplace(frame->number, frame);
    last_arrival_ = frame->arrived;
    earlier = EarliestStart(*frame) < next_look_;
  }
  if (earlier) watch_.notify_one();  // without the lock, which the watchdog wants first
  const auto start = Clock::now();
  Result<data::Sample> sample = source_->Load();
  std::unique_lock lock(mutex_);
  if (frame->done) return;
  frame->engine_s = Seconds(Clock::now() - start);
  if (!sample.ok()) {
    frame->why = "the frame cannot be read: " + sample.error().found;
    frame->id = sample.error().file;
    return Finish(frame, By::kNone, {});
  }
  frame->id = std::move(sample->id);
  for (size_t i = 0; i < plan_.inputs.size(); ++i)
    frame->inputs[plan_.inputs[i].name] = std::move(sample->inputs[i]);
  frame->loaded = true;
  if (Clock::now() >= EarliestStart(*frame)) watch_.notify_one();
  if (plan_.head || plan_.cascade) {
    to_head_.waiting.push_back(frame);
    to_head_.ready.notify_one();
    return;
  }
  lock.unlock();
  Think(frame);  // nothing to compute here: no other thread is needed
}

}  // namespace shoehorn::runtime
