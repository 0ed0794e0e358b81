// The simulation of a drive, held against closed forms (D/D/1, M/D/1) and against outages worked out by hand.
#include "place/simulate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace shoehorn::place {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

/// 10 kB/s up, 100 kB/s down, 100 ms round trip, for 1000 s.
const Link kSteady = Link::Constant(10e3, 100e3, 0.1, 1000);

Route Remote(double up_bytes = 1000, double tail_s = 0.02) {
  Route route;
  route.up_bytes = up_bytes;
  route.down_bytes = 1000;
  route.tail_s = tail_s;
  return route;
}

/// A link that carries 10 kB/s but for `from` to `to`; 0.1 s round trip.
Link Broken(double from, double to, double duration = 1000) {
  Trace trace;
  trace.name = "broken";
  trace.duration_s = duration;
  trace.uplink = {.times = {0, from, to}, .values = {10e3, 0, 10e3}};
  trace.downlink = {.times = {0, from, to}, .values = {100e3, 0, 100e3}};
  trace.round_trip = {.times = {0}, .values = {0.1}};
  return *Link::Of(trace, trace, trace);
}

TEST(SimulateTest, AllOnTheDeviceTakesItsTime) {
  const auto arrivals = Arrivals(10, 100);
  ASSERT_EQ(arrivals.size(), 1000);
  Policy policy;
  policy.local = {{0, 0.03, 0.06}, {1, 0.02, 0.1}};
  policy.local_accuracy = 0.9;
  const Outcome outcome =
      Simulate(policy, {.arrivals = arrivals, .units = 2, .deadline_s = 0.04, .idle_w = 2});
  EXPECT_EQ(outcome.frames, 1000);
  EXPECT_EQ(outcome.answered, 1000);
  EXPECT_NEAR(outcome.p50_s, 0.05, 1e-9);
  EXPECT_NEAR(outcome.p99_s, 0.05, 1e-9);
  EXPECT_NEAR(outcome.energy_j, 0.16 + 2 * 0.1, 1e-9);
  EXPECT_NEAR(outcome.unit_busy[0], 0.3, 1e-3);
  EXPECT_NEAR(outcome.unit_busy[1], 0.2, 1e-3);
  EXPECT_NEAR(outcome.accuracy, 0.9, 1e-9);
  EXPECT_EQ(outcome.late, 1000);
  EXPECT_EQ(outcome.by_tail + outcome.by_fallback, 0);
}

// D/D/1: below capacity nobody waits; above it frame k waits k times the excess.
TEST(SimulateTest, QueuesAsDeterministicTheorySays) {
  const auto arrivals = Arrivals(10, 10);
  Policy policy;
  policy.local = {{0, 0.1, 0}};
  EXPECT_NEAR(Simulate(policy, {.arrivals = arrivals}).worst_s, 0.1, 1e-9);
  policy.local[0].seconds = 0.13;
  const Outcome outcome = Simulate(policy, {.arrivals = arrivals});
  EXPECT_NEAR(outcome.worst_s, 0.13 + 99 * 0.03, 1e-9);
  EXPECT_NEAR(outcome.mean_s, 0.13 + 49.5 * 0.03, 1e-9);
  EXPECT_NEAR(outcome.unit_busy[0], 1, 1e-9);
}

// Two units are a pipeline: the slower one decides how many frames a second it takes.
TEST(SimulateTest, UnitsWorkAtTheSameTime) {
  const auto arrivals = Arrivals(10, 10);
  Policy policy;
  policy.local = {{0, 0.09, 0}, {1, 0.08, 0}};
  EXPECT_NEAR(Simulate(policy, {.arrivals = arrivals, .units = 2}).worst_s, 0.17, 1e-9);
  policy.local[1].unit = 0;
  EXPECT_GT(Simulate(policy, {.arrivals = arrivals, .units = 1}).worst_s, 5);
}

// M/D/1: the mean wait is rho * s / (2 * (1 - rho)) (Pollaczek and Khinchine).
TEST(SimulateTest, WaitsAsPollaczekAndKhinchineSay) {
  std::mt19937_64 random(1);
  for (const double rho : {0.3, 0.6, 0.8}) {
    const double service = 0.02;
    std::vector<double> arrivals;
    double time = 0;
    for (int i = 0; i < 200000; ++i) {
      time += -std::log(1 - static_cast<double>(random() >> 11) * 0x1p-53) * service / rho;
      arrivals.push_back(time);
    }
    Policy device;
    device.local = {{0, service, 0}};
    const double expected = service + rho * service / (2 * (1 - rho));
    EXPECT_NEAR(Simulate(device, {.arrivals = arrivals}).mean_s, expected, 0.03 * expected) << rho;
    // The same at the other place, behind a link that is no bottleneck.
    Policy cloud;
    cloud.route = Remote(0, service);
    cloud.route->down_bytes = 0;
    const Outcome outcome = Simulate(cloud, {.arrivals = arrivals, .link = &kSteady});
    EXPECT_NEAR(outcome.mean_s, 0.1 + expected, 0.03 * expected) << rho;
    EXPECT_NEAR(outcome.server_busy, rho, 0.02) << rho;
    EXPECT_NEAR(Simulate(cloud, {.arrivals = arrivals, .link = &kSteady, .servers = 0}).worst_s, 0.12, 1e-6);
  }
}

TEST(SimulateTest, ARouteIsHeadLinkTailAndBack) {
  const auto arrivals = Arrivals(1, 100);
  Policy policy;
  policy.route = Remote();
  policy.route->head = {{0, 0.05, 0.2}};
  policy.route->accuracy = 0.95;
  const Radio radio{.active_w = 1, .up_j_per_byte = 1e-4, .down_j_per_byte = 1e-5};
  const Outcome outcome = Simulate(policy, {.arrivals = arrivals, .link = &kSteady, .radio = radio});
  // head 50 ms, 1000 B up 100 ms, round trip 100 ms, tail 20 ms, 1000 B down 10 ms
  EXPECT_NEAR(outcome.p50_s, 0.28, 1e-9);
  EXPECT_NEAR(outcome.worst_s, 0.28, 1e-9);
  EXPECT_NEAR(outcome.energy_j, 0.2 + 0.11 + 0.1 + 0.01, 1e-9);
  EXPECT_EQ(outcome.by_tail, 100);
  EXPECT_EQ(outcome.calls, 100);
  EXPECT_NEAR(outcome.up_bytes, 100e3, 1e-6);
  EXPECT_NEAR(outcome.down_bytes, 100e3, 1e-6);
  EXPECT_NEAR(outcome.accuracy, 0.95, 1e-12);
}

TEST(SimulateTest, TheUplinkCarriesOneTransferAtATime) {
  const auto arrivals = Arrivals(10, 1);  // 10 frames, each takes 0.2 s of the uplink
  Policy policy;
  policy.route = Remote(2000);
  const Outcome outcome = Simulate(policy, {.arrivals = arrivals, .link = &kSteady});
  EXPECT_NEAR(outcome.worst_s, 0.33 + 9 * 0.1, 1e-9);
  EXPECT_NEAR(outcome.mean_s, 0.33 + 4.5 * 0.1, 1e-9);
}

TEST(SimulateTest, AnOutageDelaysAllThatWait) {
  const Link link = Broken(5, 8);
  // Frames at 4.95 (50 ms of its 100 ms are through when the link goes), 5.95, 6.95.
  const std::vector<double> arrivals = {4.95, 5.95, 6.95};
  Policy policy;
  policy.route = Remote();
  const Outcome outcome = Simulate(policy, {.arrivals = arrivals, .link = &link});
  // Through at 8.05, 8.15, 8.25; then 100 ms round trip, 20 ms tail, 10 ms down.
  EXPECT_NEAR(outcome.worst_s, 8.18 - 4.95, 1e-9);
  EXPECT_NEAR(outcome.mean_s, (8.18 - 4.95 + 8.28 - 5.95 + 8.38 - 6.95) / 3, 1e-9);
}

TEST(SimulateTest, TheFallbackAnswersByTheDeadline) {
  const Link link = Broken(5, 8);
  const std::vector<double> arrivals = {4.95, 5.95, 6.95, 9.0};
  Policy policy;
  policy.route = Remote();
  policy.local = {{0, 0.2, 1}};
  policy.local_accuracy = 0.5;
  policy.fallback = true;
  const Outcome outcome = Simulate(policy, {.arrivals = arrivals, .link = &link, .deadline_s = 0.5});
  EXPECT_EQ(outcome.by_fallback, 3);
  EXPECT_EQ(outcome.by_tail, 1);
  EXPECT_EQ(outcome.late, 0);
  EXPECT_NEAR(outcome.worst_s, 0.5, 1e-9);
  EXPECT_NEAR(outcome.p50_s, 0.5, 1e-9);
  EXPECT_NEAR(outcome.accuracy, (3 * 0.5 + 1) / 4, 1e-12);
  EXPECT_NEAR(outcome.energy_j, 3 * 1.0 / 4, 1e-12);
  // The first call moved 500 bytes before the outage and was withdrawn; the second and third moved none.
  EXPECT_NEAR(outcome.up_bytes, 500 + 1000, 1e-6);
  EXPECT_EQ(outcome.calls, 1);
}

TEST(SimulateTest, AnAnswerThatComesWhileTheFallbackRunsIsTaken) {
  const std::vector<double> arrivals = {0};
  Policy policy;
  policy.route = Remote();  // answers after 0.23 s
  policy.local = {{0, 0.1, 1}};
  policy.fallback = true;  // starts at 0.2 s
  const Outcome outcome = Simulate(policy, {.arrivals = arrivals, .link = &kSteady, .deadline_s = 0.3});
  EXPECT_EQ(outcome.by_tail, 1);
  EXPECT_NEAR(outcome.worst_s, 0.23, 1e-9);
  EXPECT_NEAR(outcome.energy_j, 1, 1e-12) << "the fallback's work was for nothing, but it was done";
}

TEST(SimulateTest, AFallbackGoesBeforeWaitingHeads) {
  // The link is dead. Heads take 30 ms of every 100 ms, fallbacks 60 ms: the device keeps up only in this
  // order.
  const Link dead = Link::Constant(0, 0, 0.1, 100);
  const auto arrivals = Arrivals(10, 50);
  Policy policy;
  policy.route = Remote();
  policy.route->head = {{0, 0.03, 0}};
  policy.local = {{0, 0.06, 0}};
  policy.fallback = true;
  const Outcome outcome = Simulate(policy, {.arrivals = arrivals, .link = &dead, .deadline_s = 0.2});
  EXPECT_EQ(outcome.by_fallback, 500);
  EXPECT_EQ(outcome.late, 0);
}

TEST(SimulateTest, WhatIsNeverAnsweredIsCountedAsSuch) {
  const Link dead = Link::Constant(0, 0, 0.1, 100);
  const auto arrivals = Arrivals(10, 10);
  Policy policy;
  policy.route = Remote();
  const Outcome outcome = Simulate(policy, {.arrivals = arrivals, .link = &dead, .deadline_s = 1});
  EXPECT_EQ(outcome.answered, 0);
  EXPECT_EQ(outcome.late, 100);
  EXPECT_EQ(outcome.p50_s, kNever);
  EXPECT_EQ(outcome.accuracy, 0);
}

TEST(SimulateTest, LostCallsAreSentAgain) {
  const auto arrivals = Arrivals(1, 900);
  Policy policy;
  policy.route = Remote();
  Scene scene{.arrivals = arrivals, .link = &kSteady, .loss = 0.2};
  const Outcome once = Simulate(policy, scene);
  EXPECT_NEAR(static_cast<double>(once.answered) / 900, 0.8, 0.04);
  scene.retry_after_s = 0.4;
  scene.retries = 2;
  const Outcome thrice = Simulate(policy, scene);
  EXPECT_NEAR(static_cast<double>(thrice.answered) / 900, 1 - 0.008, 0.01);
  // Answered after 0.23 s, or 0.4 s later, or 0.8 s.
  const double lost = 1 - static_cast<double>(thrice.answered) / 900;
  EXPECT_GT(lost, 0);
  EXPECT_NEAR(thrice.p50_s, 0.23, 1e-9);
  EXPECT_NEAR(thrice.p90_s, 0.63, 1e-9);
  EXPECT_NEAR(thrice.up_bytes / 900, 1000 * (1 + 0.2 + 0.04), 40);
  scene.seed = 2;
  EXPECT_NE(Simulate(policy, scene).up_bytes, thrice.up_bytes);
}

TEST(SimulateTest, ARetryFreesTheUplinkOfTheStuckCall) {
  const Link link = Broken(0.05, 2);
  const std::vector<double> arrivals = {0};
  Policy policy;
  policy.route = Remote();
  const Outcome outcome =
      Simulate(policy, {.arrivals = arrivals, .link = &link, .retry_after_s = 0.5, .retries = 10});
  // Sent anew at 0.5, 1, 1.5 (nothing moves) and 2, through at 2.1, answered at 2.23.
  EXPECT_NEAR(outcome.worst_s, 2.23, 1e-9);
  EXPECT_NEAR(outcome.up_bytes, 500 + 1000, 1e-6);
}

TEST(SimulateTest, ServiceTimesSpreadAsDeclared) {
  const auto arrivals = Arrivals(1, 1000);
  Policy policy;
  policy.route = Remote(0, 0.2);
  policy.route->down_bytes = 0;
  policy.route->tail_p99_s = 0.8;
  const Outcome outcome = Simulate(policy, {.arrivals = arrivals, .link = &kSteady, .servers = 0});
  EXPECT_NEAR(outcome.p50_s - 0.1, 0.2, 0.02);
  EXPECT_NEAR(outcome.p99_s - 0.1, 0.8, 0.2);
}

Policy Adaptive(double limit_s) {
  Policy policy;
  policy.route = Remote();  // 0.23 s when the link is well
  policy.local = {{0, 0.3, 1}};
  policy.fallback = true;
  policy.rule = LinkRule{.limit_s = limit_s, .memory_s = 0.5, .probe_s = 1};
  return policy;
}

TEST(SimulateTest, TheRuleKeepsOffALinkThatDoesNotAnswer) {
  const Link link = Broken(20, 60, 100);
  const auto arrivals = Arrivals(2, 100);
  const Scene scene{.arrivals = arrivals, .link = &link, .deadline_s = 0.6, .timeline = 100};
  const Outcome ruled = Simulate(Adaptive(0.3), scene);
  Policy always = Adaptive(0.3);
  always.rule.reset();
  const Outcome fallback = Simulate(always, scene);
  EXPECT_EQ(ruled.late, 0);
  EXPECT_EQ(fallback.late, 0);
  // 80 frames meet the outage. Without the rule each waits for the deadline; with it one does, the others are
  // answered by the device at once.
  EXPECT_EQ(fallback.by_fallback, 80);
  EXPECT_EQ(ruled.by_fallback, 1);
  // The frame at second 60 waits 0.1 s for the call before it, which has just begun to move.
  EXPECT_NEAR(fallback.mean_s, (120 * 0.23 + 80 * 0.6 + 0.1) / 200, 1e-9);
  EXPECT_LT(ruled.mean_s, (118 * 0.23 + 81 * 0.3 + 0.6) / 200 + 1e-9);
  // Back on the link within a few probes.
  EXPECT_GE(ruled.by_tail, 116);
  EXPECT_EQ(ruled.timeline[30].by_tail, 0);
  EXPECT_NEAR(ruled.timeline[30].mean_s, 0.3, 1e-9);
  EXPECT_EQ(ruled.timeline[30].up_rate, 0);
  EXPECT_EQ(ruled.timeline[80].by_tail, 2);
}

TEST(SimulateTest, TheRuleNeverAsksAPlaceThatIsSlower) {
  const auto arrivals = Arrivals(2, 100);
  const Outcome outcome =
      Simulate(Adaptive(0.2), {.arrivals = arrivals, .link = &kSteady, .deadline_s = 0.6});
  // The first frame asks, since nothing is known; the 0.23 s that it takes are above the limit, and only
  // probes follow, each of which the tail answers before the device does.
  EXPECT_NEAR(outcome.mean_s, 0.3, 0.05);
  EXPECT_NEAR(outcome.calls, 67, 5) << "a probe follows a second without a call, and frames come every 0.5 s";
}

TEST(SimulateTest, OneCallAtATimeTakesWhatTheLinkCarries) {
  const auto arrivals = Arrivals(10, 100);
  Policy policy = Adaptive(0.6);
  policy.route = Remote(2000);  // 0.2 s of the uplink, 0.33 s in all: a link for 5 frames a second
  policy.local = {{0, 0.05, 1}};
  policy.rule->most_open = 1;
  const Outcome outcome = Simulate(policy, {.arrivals = arrivals, .link = &kSteady, .deadline_s = 0.6});
  EXPECT_EQ(outcome.by_tail, 250) << "every fourth frame finds no call open";
  EXPECT_EQ(outcome.by_fallback, 0);
  EXPECT_NEAR(outcome.mean_s, (0.33 + 3 * 0.05) / 4, 1e-9);
  // Without it calls pile up until they are given up, and what they sent was for nothing.
  policy.rule->most_open = 0;
  const Outcome crowded = Simulate(policy, {.arrivals = arrivals, .link = &kSteady, .deadline_s = 0.6});
  EXPECT_LT(crowded.by_tail, 250);
  EXPECT_GT(crowded.by_fallback, 100);
}

TEST(SimulateTest, ACascadeAsksWhereTheDeviceIsUnsure) {
  const std::vector<CascadeSample> samples = {{0.9, 1, 1}, {0.8, 1, 0}, {0.4, 0, 1}, {0.3, 0, 1}};
  const auto arrivals = Arrivals(1, 900);
  Policy policy;
  policy.local = {{0, 0.05, 0.1}};
  policy.route = Remote();
  policy.fallback = true;
  policy.cascade = CascadePolicy{.threshold = 0.5, .samples = samples};
  Scene scene{.arrivals = arrivals, .link = &kSteady, .deadline_s = 0.5};
  const Outcome outcome = Simulate(policy, scene);
  EXPECT_NEAR(static_cast<double>(outcome.by_tail) / 900, 0.5, 0.05);
  EXPECT_EQ(outcome.accuracy, 1) << "sure ones are right, unsure ones are right elsewhere";
  EXPECT_NEAR(outcome.p99_s, 0.28, 1e-9);
  EXPECT_NEAR(outcome.energy_j, 0.1, 1e-12);
  // On a dead link the device's answers stand at the deadline, right or wrong, at no further cost.
  const Link dead = Link::Constant(0, 0, 0.1, 100);
  scene.link = &dead;
  const Outcome alone = Simulate(policy, scene);
  EXPECT_EQ(alone.answered, 900);
  EXPECT_EQ(alone.accuracy, 0.5) << "right on the half that it is sure of, however many were drawn";
  EXPECT_NEAR(alone.p99_s, 0.5, 1e-9);
  EXPECT_NEAR(alone.energy_j, 0.1, 1e-12);
  // With a rule they stand at once.
  policy.rule = LinkRule{.limit_s = 0.5, .memory_s = 0.5, .probe_s = 5};
  EXPECT_NEAR(Simulate(policy, scene).p99_s, 0.05, 1e-9);
}

TEST(SimulateTest, RoundTripsAreThoseOfTheMomentOfSending) {
  Trace trace;
  trace.name = "slow";
  trace.duration_s = 100;
  trace.uplink = trace.downlink = {.times = {0}, .values = {1e6}};
  trace.round_trip = {.times = {0, 10}, .values = {0.05, 2}};
  const Link link = *Link::Of(trace, trace, trace);
  const std::vector<double> arrivals = {9.9, 10.1};
  Policy policy;
  policy.route = Remote(0, 0);
  policy.route->down_bytes = 0;
  const Outcome outcome = Simulate(policy, {.arrivals = arrivals, .link = &link});
  EXPECT_NEAR(outcome.p50_s, 0.05, 1e-9);
  EXPECT_NEAR(outcome.worst_s, 2, 1e-9);
}

TEST(SimulateTest, NothingArrives) {
  Policy policy;
  policy.local = {{0, 1, 1}};
  const Outcome outcome = Simulate(policy, {});
  EXPECT_EQ(outcome.frames, 0);
  EXPECT_EQ(outcome.energy_j, 0);
}

}  // namespace
}  // namespace shoehorn::place
