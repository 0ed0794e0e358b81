#include "runtime/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace shoehorn::runtime {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using Buckets = prometheus::Histogram::BucketBoundaries;

/// The family of that name, which the registry keeps.
template <typename Builder>
auto& Made(prometheus::Registry& registry, Builder builder, const char* name, const char* help) {
  return builder.Name(name).Help(help).Register(registry);
}

class PrometheusMetrics : public Metrics {
 public:
  explicit PrometheusMetrics(std::unique_ptr<prometheus::Exposer> exposer) : exposer_(std::move(exposer)) {
    for (const By by : {By::kTail, By::kDevice, By::kFallback, By::kNone})
      answers_[static_cast<size_t>(by)] = &answer_family_.Add({{"by", std::string(NameOf(by))}});
    for (const TailFault fault :
         {TailFault::kLate, TailFault::kUnreachable, TailFault::kRefused, TailFault::kWrong})
      faults_[static_cast<size_t>(fault)] = &fault_family_.Add({{"kind", std::string(NameOf(fault))}});
    if (exposer_ == nullptr) return;
    exposer_->RegisterCollectable(registry_);
    port_ = exposer_->GetListeningPorts().front();
  }

  int port() const override { return port_; }

  void Count(const Answer& answer) override {
    answers_[static_cast<size_t>(answer.by)]->Increment();
    if (answer.late) late_.Increment();
    latency_.Observe(answer.latency_s);
    own_.Observe(answer.own_s);
    if (answer.wire_s > 0) wire_.Observe(answer.wire_s);
  }

  void Count(TailFault fault) override {
    if (fault != TailFault::kNone) faults_[static_cast<size_t>(fault)]->Increment();
  }

  void Set(const Gauges& gauges) override {
    waiting_.Set(static_cast<double>(gauges.events_waiting));
    in_memory_.Set(static_cast<double>(gauges.events_in_memory));
    sent_.Set(static_cast<double>(gauges.events_sent));
    dropped_.Set(static_cast<double>(gauges.events_dropped));
    link_.Set(gauges.link_up ? 1 : 0);
  }

 private:
  std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  prometheus::Family<prometheus::Counter>& answer_family_ =
      Made(*registry_, BuildCounter(), "shoehorn_answers_total",
           "Frames answered, by whom; 'none' had no answer by its deadline");
  prometheus::Family<prometheus::Counter>& fault_family_ =
      Made(*registry_, BuildCounter(), "shoehorn_tail_faults_total",
           "Calls of the tail that gave no answer, by kind");
  prometheus::Counter& late_ = Made(*registry_, BuildCounter(), "shoehorn_answers_late_total",
                                    "Answers given out after their deadline")
                                   .Add({});
  prometheus::Histogram& latency_ =
      Made(*registry_, BuildHistogram(), "shoehorn_latency_seconds", "From a frame's arrival to its answer")
          .Add({}, Buckets{0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2});
  prometheus::Histogram& wire_ =
      Made(*registry_, BuildHistogram(), "shoehorn_tail_seconds", "From asking the tail to its answer")
          .Add({}, Buckets{0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2});
  prometheus::Histogram& own_ =
      Made(*registry_, BuildHistogram(), "shoehorn_own_seconds",
           "What the agent itself took of a frame's latency")
          .Add({}, Buckets{0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.005, 0.02});
  prometheus::Gauge& waiting_ =
      Made(*registry_, BuildGauge(), "shoehorn_events_waiting", "Events that the receiver does not have yet")
          .Add({});
  prometheus::Gauge& in_memory_ = Made(*registry_, BuildGauge(), "shoehorn_events_in_memory",
                                       "Of these, events that the disk did not take: a kill loses them")
                                      .Add({});
  prometheus::Gauge& sent_ =
      Made(*registry_, BuildGauge(), "shoehorn_events_sent", "Events sent since the start").Add({});
  prometheus::Gauge& dropped_ =
      Made(*registry_, BuildGauge(), "shoehorn_events_dropped", "Events dropped, over all runs of the queue")
          .Add({});
  prometheus::Gauge& link_ =
      Made(*registry_, BuildGauge(), "shoehorn_link_up", "1 while the server of the tail can be reached")
          .Add({});
  prometheus::Counter* answers_[4] = {};
  prometheus::Counter* faults_[5] = {};
  std::unique_ptr<prometheus::Exposer> exposer_;  // goes first: it reads the registry
  int port_ = 0;
};

}  // namespace

Result<std::unique_ptr<Metrics>> Metrics::Create(std::optional<int> port) {
  if (!port) return std::unique_ptr<Metrics>(new PrometheusMetrics(nullptr));
  const std::string address = "127.0.0.1:" + std::to_string(*port);
  try {
    return std::unique_ptr<Metrics>(new PrometheusMetrics(std::make_unique<prometheus::Exposer>(address, 1)));
  } catch (const std::exception& error) {
    Diagnostic diagnostic;
    diagnostic.place = "--metrics " + std::to_string(*port);
    diagnostic.found = "cannot listen on " + address;
    diagnostic.fix = "name another port, or 0 for a free one";
    return diagnostic;
  }
}

}  // namespace shoehorn::runtime
