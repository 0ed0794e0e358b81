// Recorded and declared links: what a file says, what is refused with its line and column, when bytes are
// through.
#include "place/trace.h"

#include <gtest/gtest.h>

#include <cmath>

#include "place/link.h"

namespace shoehorn::place {
namespace {

constexpr char kHeader[] = "t_s,uplink_kbps,downlink_kbps,rtt_ms\n";

std::string Refusal(const std::string& text) {
  const auto trace = ParseTrace(text, "drive.csv");
  return trace.ok() ? "" : trace.error().Text();
}

TEST(TraceTest, ReadsRowsThatHoldUntilTheNext) {
  const auto trace = ParseTrace(std::string(kHeader) + "10,8,80,\n12,,160,50\n13,16,,\n", "drive.csv");
  ASSERT_TRUE(trace.ok()) << trace.error().Text();
  EXPECT_EQ(trace->name, "drive");
  EXPECT_DOUBLE_EQ(trace->duration_s, 4);  // the last row holds for a second, as the one before it
  EXPECT_EQ(trace->uplink.times, (std::vector<double>{0, 3}));
  EXPECT_EQ(trace->uplink.values, (std::vector<double>{1000, 2000}));
  EXPECT_EQ(trace->downlink.values, (std::vector<double>{10000, 20000}));
  // What was measured first holds from the start; empty is not zero.
  EXPECT_EQ(trace->round_trip.times, (std::vector<double>{0}));
  EXPECT_EQ(trace->round_trip.values, (std::vector<double>{0.05}));
}

TEST(TraceTest, ReadsColumnsInAnyOrder) {
  const auto trace = ParseTrace("rtt_ms,t_s,downlink_kbps,uplink_kbps\n20,0,8,16\n30,1,8,16\n", "drive.csv");
  ASSERT_TRUE(trace.ok()) << trace.error().Text();
  EXPECT_EQ(trace->uplink.values[0], 2000);
  EXPECT_EQ(trace->round_trip.values[1], 0.03);
}

TEST(TraceTest, RefusesWithLineAndColumn) {
  const std::string header = kHeader;
  EXPECT_EQ(Refusal(""),
            "error: drive.csv: an empty file\n"
            "  expected: a header t_s,uplink_kbps,downlink_kbps,rtt_ms and rows below it");
  EXPECT_EQ(Refusal("t_s,uplink_kbps,rtt_ms\n0,1,1\n"),
            "error: drive.csv: line 1: no column 'downlink_kbps'\n"
            "  expected: the columns t_s, uplink_kbps, downlink_kbps, rtt_ms\n"
            "  fix: keep the column and leave its cells empty where nothing was measured");
  EXPECT_EQ(Refusal("t_s,uplink_kpbs,downlink_kbps,rtt_ms\n"),
            "error: drive.csv: line 1: unknown column 'uplink_kpbs'\n"
            "  expected: the columns t_s, uplink_kbps, downlink_kbps, rtt_ms\n"
            "  fix: did you mean 'uplink_kbps'?");
  EXPECT_EQ(Refusal("t_s,t_s,uplink_kbps,downlink_kbps,rtt_ms\n"),
            "error: drive.csv: line 1: column 't_s' twice\n  expected: each column once");
  EXPECT_EQ(Refusal(header + "0,1,1,1\n1,1,1\n"),
            "error: drive.csv: line 3: 3 field(s)\n  expected: 4, as in the header");
  EXPECT_EQ(Refusal(header + "0,1,1,1\n1,-5,1,1\n"),
            "error: drive.csv: line 3, column 'uplink_kbps': '-5'\n"
            "  expected: a number from 0 to 1e+09\n"
            "  fix: leave the cell empty where nothing was measured");
  EXPECT_EQ(Refusal(header + "0,1,1,1\n1,1,1,n/a\n"),
            "error: drive.csv: line 3, column 'rtt_ms': 'n/a'\n"
            "  expected: a number from 0 to 1e+09\n"
            "  fix: leave the cell empty where nothing was measured");
  EXPECT_EQ(Refusal(header + ",1,1,1\n1,1,1,1\n"),
            "error: drive.csv: line 2, column 't_s': an empty cell\n"
            "  expected: a number from 0 to 1e+09");
  EXPECT_EQ(Refusal(header + "0,1,1,1\n2,1,1,1\n1,1,1,1\n"),
            "error: drive.csv: line 4: t_s 1 after 2\n  expected: times that rise from row to row");
  EXPECT_EQ(Refusal(header + "0,1,1,1\n0,1,1,1\n"),
            "error: drive.csv: line 3: t_s 0 after 0\n  expected: times that rise from row to row");
  EXPECT_EQ(Refusal(header + "0,1,1,1\n"),
            "error: drive.csv: 1 row(s) below the header\n"
            "  expected: two or more: a row holds until the next one");
  EXPECT_EQ(Refusal(header + "0,,,\n1,,,\n"),
            "error: drive.csv: every cell of uplink_kbps, downlink_kbps and rtt_ms is empty\n"
            "  expected: at least one measurement");
  for (const char* cell : {"nan", "inf", "1e400", "0x10", "1 ", "+1", "1e10"})
    EXPECT_FALSE(ParseTrace(header + "0,1,1,1\n1," + cell + ",1,1\n", "drive.csv").ok()) << cell;
}

TEST(LinkTest, SendsByIntegratingTheRate) {
  // 10 kB/s, out from second 1 to 5, then 5 kB/s until second 10; then all of it again.
  const Steps steps({.times = {0, 1, 5}, .values = {10e3, 0, 5e3}}, 10);
  EXPECT_DOUBLE_EQ(steps.Finish(0, 5e3), 0.5);
  EXPECT_DOUBLE_EQ(steps.Finish(0, 10e3), 1) << "the last byte passes before the outage";
  EXPECT_DOUBLE_EQ(steps.Finish(0, 20e3), 7);
  EXPECT_DOUBLE_EQ(steps.Finish(2, 5e3), 6);
  EXPECT_DOUBLE_EQ(steps.Finish(9.5, 2.5e3 + 5e3), 10.5) << "goes on in the next round";
  EXPECT_DOUBLE_EQ(steps.Finish(0, 35e3), 10) << "one whole round";
  EXPECT_DOUBLE_EQ(steps.Finish(1, 35e3), 11) << "a round that ends with an outage ends before it";
  EXPECT_DOUBLE_EQ(steps.Finish(20.5, 35e3 * 3 + 5e3), 51);
  EXPECT_DOUBLE_EQ(steps.Finish(3, 0), 3);
  EXPECT_DOUBLE_EQ(steps.Amount(0.5, 6), 10e3);
  EXPECT_DOUBLE_EQ(steps.Amount(6, 26), 70e3);
  EXPECT_DOUBLE_EQ(steps.At(0.999), 10e3);
  EXPECT_DOUBLE_EQ(steps.At(1), 0);
  EXPECT_DOUBLE_EQ(steps.At(15), 5e3);
  EXPECT_TRUE(std::isinf(Steps({.times = {0}, .values = {0}}, 1).Finish(0, 1)));
}

TEST(LinkTest, AgreesWithSmallStepsOnRandomSeries) {
  uint32_t state = 1;
  const auto random = [&] {
    return static_cast<double>((state = state * 1664525 + 1013904223) >> 8) / (1 << 24);
  };
  for (int round = 0; round < 20; ++round) {
    Series series{.times = {0}, .values = {random() * 100}};
    while (series.times.size() < 30) {
      series.times.push_back(series.times.back() + 0.05 + random() * 3);
      series.values.push_back(random() < 0.3 ? 0 : random() * 100);
    }
    const double period = series.times.back() + 1;
    const Steps steps(series, period);
    for (int i = 0; i < 20; ++i) {
      const double start = random() * period * 3, amount = random() * 4000;
      const double end = steps.Finish(start, amount);
      EXPECT_NEAR(steps.Amount(start, end), amount, 1e-6);
      double sum = 0;  // by brute force, a step at a time
      for (double t = start; t < end; t += 1e-3) sum += steps.At(t) * std::min(1e-3, end - t);
      EXPECT_NEAR(sum, amount, 5 + amount * 1e-3);
    }
  }
}

TEST(LinkTest, PairsTracesAndSaysSo) {
  const auto rates = ParseTrace(std::string(kHeader) + "0,8,80,\n50,8,80,\n", "rates.csv");
  const auto trips = ParseTrace(std::string(kHeader) + "0,,,20\n5,,,40\n", "trips.csv");
  ASSERT_TRUE(rates.ok() && trips.ok());
  const auto link = Link::Of(*rates, *rates, *trips);
  ASSERT_TRUE(link.ok());
  EXPECT_EQ(link->source(), "rates of rates, round trips of trips (repeated every 10.0 s)");
  EXPECT_DOUBLE_EQ(link->duration_s(), 100);
  EXPECT_DOUBLE_EQ(link->RoundTrip(97), 0.04);
  EXPECT_DOUBLE_EQ(link->Finish(Direction::kUp, 0, 500), 0.5);
  EXPECT_DOUBLE_EQ(link->Scaled(2).Finish(Direction::kUp, 0, 500), 0.25);
  EXPECT_DOUBLE_EQ(link->Scaled(2).Scaled(0.5).Bytes(Direction::kDown, 1, 2), 10000);
  EXPECT_EQ(Link::Of(*rates, *rates, *rates).error().Text(),
            "error: rates: the round trip was not measured\n"
            "  expected: a trace that measured it\n"
            "  fix: take it from another trace, or declare it");
  EXPECT_EQ(Link::Of(*trips, *rates, *trips).error().found, "the uplink's rate was not measured");
}

TEST(LinkTest, CountsStatisticsByTime) {
  // 1 Mbit/s for 6 s, nothing for 3 s, 0.5 Mbit/s for 1 s.
  const auto trace = ParseTrace(
      std::string(kHeader) + "0,1000,1000,20\n6,0,1000,900\n9,500,1000,30\n9.5,500,1000,30\n", "d.csv");
  ASSERT_TRUE(trace.ok());
  const LinkStatistics statistics = StatisticsOf(*Link::Of(*trace, *trace, *trace));
  EXPECT_DOUBLE_EQ(statistics.up.p50, 125e3);
  EXPECT_DOUBLE_EQ(statistics.up.p5, 0);
  EXPECT_DOUBLE_EQ(statistics.up.mean, (6 * 125e3 + 62.5e3) / 10);
  EXPECT_DOUBLE_EQ(statistics.up.below_share, 0.3);
  EXPECT_DOUBLE_EQ(statistics.up.longest_below_s, 3);
  EXPECT_DOUBLE_EQ(statistics.down.longest_below_s, 0);
  EXPECT_DOUBLE_EQ(statistics.round_trip_p50_s, 0.02);
  EXPECT_DOUBLE_EQ(statistics.round_trip_p99_s, 0.9);
}

// The figures that stand beside the recordings, counted by others.
TEST(LinkTest, AgreesWithTheRecordingsOwnStatistics) {
  const std::filesystem::path folder = std::filesystem::path(SHOEHORN_DATA_DIR) / "links";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the shared test data is absent: " << folder;
  const auto att = LoadTrace(folder / "att-lte-driving.csv");
  const auto umts = LoadTrace(folder / "tmobile-umts-driving.csv");
  const auto rural = LoadTrace(folder / "cicv5g-rural-n8-v10-01.csv");
  ASSERT_TRUE(att.ok() && umts.ok() && rural.ok());
  const LinkStatistics a = StatisticsOf(*Link::Of(*att, *att, *rural));
  EXPECT_NEAR(a.up.p50 / 125, 1068, 1);
  EXPECT_NEAR(a.up.p5 / 125, 156, 13);  // between ranks, a step of the recording (12 kbit/s) apart
  EXPECT_NEAR(a.up.below_share, 0.039, 0.001);
  EXPECT_EQ(a.up.longest_below_s, 6);
  EXPECT_EQ(a.down.longest_below_s, 9);
  EXPECT_NEAR(a.round_trip_p50_s, 0.028, 0.001);
  EXPECT_NEAR(a.round_trip_max_s, 10.241, 0.001);
  const LinkStatistics u = StatisticsOf(*Link::Of(*umts, *umts, *rural));
  EXPECT_EQ(u.up.longest_below_s, 13);
  EXPECT_EQ(u.down.longest_below_s, 16);
  EXPECT_NEAR(u.down.below_share, 0.083, 0.001);
}

DeclaredLink Declared() {
  DeclaredLink link;
  link.uplink = {.p50 = 250e3, .p99 = 25e3};
  link.downlink = {.p50 = 1e6, .p99 = 1e6};
  link.round_trip = {.p50 = 0.04, .p99 = 0.4};
  link.duration_s = 20000;
  link.seed = 7;
  return link;
}

TEST(DeclaredLinkTest, DrawsWhatWasDeclared) {
  DeclaredLink declared = Declared();
  declared.outage_every_s = 90;
  declared.outage_mean_s = 10;
  const auto trace = DrawTrace(declared);
  ASSERT_TRUE(trace.ok());
  const LinkStatistics statistics = StatisticsOf(*Link::Of(*trace, *trace, *trace));
  // A tenth of the time is out; the median of the whole is then the 44 % quantile of what is drawn.
  EXPECT_NEAR(statistics.down.below_share, 0.1, 0.02);
  EXPECT_EQ(statistics.down.p50, 1e6);
  EXPECT_NEAR(statistics.round_trip_p50_s, 0.04, 0.002);
  EXPECT_NEAR(statistics.round_trip_p99_s, 0.4, 0.06);
  EXPECT_NEAR(statistics.up.p50, 250e3 * 0.87, 250e3 * 0.06);
  EXPECT_EQ(DrawTrace(declared)->uplink.values, trace->uplink.values) << "the same seed, the same link";
  declared.seed = 8;
  EXPECT_NE(DrawTrace(declared)->uplink.values, trace->uplink.values);
}

TEST(DeclaredLinkTest, OutagesDoNotChangeTheRest) {
  DeclaredLink declared = Declared();
  const auto steady = DrawTrace(declared);
  declared.outage_every_s = 90;
  declared.outage_mean_s = 10;
  const auto broken = DrawTrace(declared);
  ASSERT_TRUE(steady.ok() && broken.ok());
  EXPECT_EQ(steady->round_trip.values, broken->round_trip.values);
  const Link a = *Link::Of(*steady, *steady, *steady), b = *Link::Of(*broken, *broken, *broken);
  for (double t = 0.01; t < 1000; t += 0.37)
    if (b.Rate(Direction::kUp, t) > 0) {
      EXPECT_EQ(a.Rate(Direction::kUp, t), b.Rate(Direction::kUp, t)) << t;
    }
}

TEST(DeclaredLinkTest, RefusesWhatNoLinkIs) {
  const auto refusal = [](auto change) {
    DeclaredLink link = Declared();
    change(link);
    const auto trace = DrawTrace(link);
    return trace.ok() ? "" : trace.error().Text();
  };
  EXPECT_EQ(refusal([](DeclaredLink& link) { link.uplink.p50 = -1; }),
            "error: declared: uplink: -1\n  expected: a number above 0");
  EXPECT_EQ(refusal([](DeclaredLink& link) { link.downlink.p99 = 2e6; }),
            "error: declared: downlink: p99 2000000 and p50 1000000\n"
            "  expected: a p99 of at most p50: 99 % of the time the rate is higher");
  EXPECT_EQ(refusal([](DeclaredLink& link) { link.round_trip.p99 = 0.01; }),
            "error: declared: round_trip: p99 0.01 and p50 0.04\n  expected: a p99 of at least p50");
  EXPECT_EQ(refusal([](DeclaredLink& link) { link.outage_every_s = 90; }),
            "error: declared: outage.mean: 0\n  expected: a number above 0");
  EXPECT_EQ(refusal([](DeclaredLink& link) { link.round_trip.p50 = std::nan(""); }),
            "error: declared: round_trip: nan\n  expected: a number above 0");
  EXPECT_EQ(refusal([](DeclaredLink& link) { link.hold_s = 1e-9; }),
            "error: declared: hold: 20000000000000 draws\n  expected: at most a million");
}

}  // namespace
}  // namespace shoehorn::place
