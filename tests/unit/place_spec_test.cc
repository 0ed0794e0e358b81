// The section [place]: what it means, and what each mistake in it is told.
#include <gmock/gmock.h>

#include "place/spec.h"
#include "support/files.h"
#include "support/scratch.h"

namespace shoehorn::place {
namespace {

namespace fs = std::filesystem;

constexpr char kFit[] = R"(model = "m.onnx"
precisions = "fp32"
[[input]]
name = "x"
shape = [1]
[evaluation]
folder = "samples"
)";
constexpr char kSites[] = R"([[place.site]]
name = "camera"
target = "qcs6490"
[[place.site]]
name = "cloud"
role = "cloud"
target = "nvidia-t4"
price_per_hour = 0.35
)";
constexpr char kLink[] = R"([[place.link]]
to = "cloud"
trace = "drive.csv"
)";

class PlaceSpecTest : public ::testing::Test {
 protected:
  Result<PlaceSpec> Load(const std::string& place) const {
    return LoadPlaceSpec(scratch_.Write("spec.toml", kFit + place));
  }
  std::string Error(const std::string& place) const {
    const auto spec = Load(place);
    return spec.ok() ? "no error" : scratch_.Masked(spec.error().Text());
  }
  static std::string Head() { return "[place]\ndeadline = \"100 ms\"\nrate = 10\n"; }
  testing::Scratch scratch_;
};

TEST_F(PlaceSpecTest, ReadsPlacesLinksAndLimits) {
  const auto spec =
      Load(Head() + "packing = [\"none\", \"int8\"]\nprivate = \"x\"\ngoal = \"energy\"\n" + kSites + kLink +
           R"([[place.link]]
to = "cloud"
uplink = "4 Mbit/s"
downlink = "20 Mbit/s"
round_trip = "60 ms"
[place.limits]
response_p99 = "150 ms"
energy = "50 mJ"
bytes_per_month = "5 GB"
missed = "0.1 %"
[place.events]
output = "y"
when = "max_above"
value = 0.9
url = "https://example.com/events"
)");
  ASSERT_TRUE(spec.ok()) << spec.error().Text();
  EXPECT_DOUBLE_EQ(spec->deadline_s, 0.1);
  EXPECT_DOUBLE_EQ(spec->rate_per_s, 10);
  EXPECT_EQ(spec->goal, Goal::kEnergy);
  EXPECT_THAT(spec->packings, ::testing::ElementsAre(Packing::kNone, Packing::kInt8));
  ASSERT_EQ(spec->sites.size(), 2u);
  EXPECT_EQ(spec->sites[0].role, PlaceKind::kDevice);
  EXPECT_EQ(spec->sites[1].role, PlaceKind::kCloud);
  EXPECT_DOUBLE_EQ(spec->sites[1].price_per_hour, 0.35);
  ASSERT_EQ(spec->links.size(), 2u);
  EXPECT_EQ(spec->links[0].trace, scratch_.path() / "drive.csv");
  EXPECT_DOUBLE_EQ(*spec->links[1].uplink, 5e5);
  EXPECT_DOUBLE_EQ(*spec->limits.response_p99_s, 0.15);
  EXPECT_DOUBLE_EQ(*spec->limits.energy_j, 0.05);
  EXPECT_DOUBLE_EQ(*spec->limits.bytes_per_month, 5e9);
  EXPECT_DOUBLE_EQ(*spec->limits.missed, 0.001);
  ASSERT_TRUE(spec->events);
  EXPECT_EQ(spec->events->when_full, "drop_oldest");
}

TEST_F(PlaceSpecTest, SaysWhatIsMissing) {
  EXPECT_EQ(
      Error(""),
      "error: DIR/spec.toml: line 1: has no section [place]\n  expected: [place] with places and links");
  EXPECT_EQ(Error("[place]\nrate = 10\n"),
            "error: DIR/spec.toml: line 8: place: has no deadline\n  expected: deadline = \"100 ms\"");
  EXPECT_EQ(Error("[place]\ndeadline = \"1 s\"\n"),
            "error: DIR/spec.toml: line 8: place: has no rate\n  expected: rate = 10, frames a second");
  EXPECT_EQ(
      Error(Head()),
      "error: DIR/spec.toml: line 8: place: 0 places have the role \"device\"\n  expected: exactly one");
  EXPECT_EQ(Error(Head() + kSites),
            "error: DIR/spec.toml: line 8: place: no link leads to the place 'cloud'\n"
            "  expected: a section [[place.link]] with to = \"cloud\"");
  EXPECT_EQ(
      Error(Head() + kSites + "[[place.link]]\nto = \"cloud\"\nuplink = \"1 Mbit/s\"\n"),
      "error: DIR/spec.toml: line 8: place: the link to 'cloud' has neither a trace nor uplink, downlink and "
      "round_trip\n  expected: trace = \"drive.csv\", or the three of them");
  EXPECT_EQ(Error(Head() + kSites + kLink + "[[place.site]]\nname = \"ai\"\nrole = \"service\"\n"),
            "error: DIR/spec.toml: line 8: place: the place 'ai' is a service without latency or accuracy\n"
            "  expected: latency = \"300 ms\" and accuracy = 0.95, as its vendor declares or you measured");
  EXPECT_EQ(Error(Head() + kSites + kLink + "[place.events]\nwhen = \"max_above\"\n"),
            "error: DIR/spec.toml: line 8: place: [place.events] has no output\n  expected: a key 'output'");
}

TEST_F(PlaceSpecTest, ReadsACascade) {
  const auto spec = Load(Head() + kSites + "model = \"large.onnx\"\n" + kLink +
                         "[place.cascade]\noutput = \"scores\"\nthreshold = 0.8\n");
  ASSERT_TRUE(spec.ok()) << spec.error().Text();
  EXPECT_EQ(spec->sites[1].model, scratch_.path() / "large.onnx");
  ASSERT_TRUE(spec->cascade);
  EXPECT_EQ(spec->cascade->output, "scores");
  EXPECT_EQ(*spec->cascade->threshold, 0.8);
  const auto service =
      Load(Head() + kSites + kLink +
           "[[place.site]]\nname = \"ai\"\nrole = \"service\"\nlatency = \"1 s\"\naccuracy = 1\n"
           "samples = \"both.csv\"\n[[place.link]]\nto = \"ai\"\ntrace = \"drive.csv\"\n"
           "[place.cascade]\noutput = \"scores\"\n");
  ASSERT_TRUE(service.ok()) << service.error().Text();
  EXPECT_EQ(service->sites[2].samples, scratch_.path() / "both.csv");
  EXPECT_FALSE(service->cascade->threshold);
}

TEST_F(PlaceSpecTest, ACascadeIsComplete) {
  const std::string cascade = "[place.cascade]\noutput = \"scores\"\n";
  EXPECT_EQ(
      Error(Head() + kSites + kLink + cascade),
      "error: DIR/spec.toml: line 8: place: [place.cascade] has nobody to ask when the device is not sure\n"
      "  expected: a gateway or cloud with model = \"large.onnx\", or a service with samples = "
      "\"both.csv\"");
  EXPECT_EQ(Error(Head() + kSites + "model = \"large.onnx\"\n" + kLink + "[place.cascade]\n"),
            "error: DIR/spec.toml: line 8: place: [place.cascade] has no output\n"
            "  expected: a key 'output': class scores of the spec's model");
  EXPECT_EQ(Error(Head() + kSites + "model = \"large.onnx\"\n" + kLink + cascade + "threshold = 1.5\n"),
            "error: DIR/spec.toml: line 25: place.cascade.threshold: the number 1.5\n  expected: a number "
            "from 0 to 1");
  EXPECT_EQ(Error(Head() + kSites + "model = \"large.onnx\"\n" + kLink + cascade + "treshold = 1\n"),
            "error: DIR/spec.toml: line 25: place.cascade.treshold: unknown key\n"
            "  expected: one of output, threshold\n  fix: did you mean 'threshold'?");
  EXPECT_EQ(Error(Head() + "[[place.site]]\nname = \"camera\"\ntarget = \"qcs6490\"\nmodel = \"a.onnx\"\n"),
            "error: DIR/spec.toml: line 8: place: the place 'camera' has a model of its own and the role "
            "\"device\"\n  expected: the role \"gateway\" or \"cloud\"\n"
            "  fix: the device runs the spec's own model");
  EXPECT_EQ(
      Error(Head() + "[[place.site]]\nname = \"ai\"\nrole = \"service\"\nlatency = \"1 s\"\naccuracy = 1\n"
                     "model = \"a.onnx\"\n"),
      "error: DIR/spec.toml: line 8: place: the place 'ai' has a model of its own and the role "
      "\"service\"\n  expected: the role \"gateway\" or \"cloud\"\n"
      "  fix: a service declares latency and accuracy");
  EXPECT_EQ(Error(Head() + kSites + "samples = \"both.csv\"\n" + kLink + cascade),
            "error: DIR/spec.toml: line 8: place: the place 'cloud' has samples\n"
            "  expected: them of a service in a spec with [place.cascade] alone\n"
            "  fix: of a place with a model the evaluation samples are asked");
}

TEST_F(PlaceSpecTest, SuggestsWhatWasMeant) {
  EXPECT_EQ(Error(Head() + "dedline = 1\n" + kSites),
            "error: DIR/spec.toml: line 11: place.dedline: unknown key\n"
            "  expected: one of goal, deadline, rate, hours_per_month, packing, compress, private, "
            "only, without_link, site, "
            "link, limits, cascade, events\n  fix: did you mean 'deadline'?");
  EXPECT_EQ(
      Error(Head() + kSites + "[[place.link]]\nto = \"clud\"\ntrace = \"a.csv\"\n"),
      "error: DIR/spec.toml: line 8: place: the link to 'clud' leads to no place\n  expected: one of cloud\n"
      "  fix: did you mean 'cloud'?");
}

TEST_F(PlaceSpecTest, ALimitOnProcessorsIsOfThisMachine) {
  const std::string here = "[[place.site]]\nname = \"camera\"\ntarget = \"this-machine\"\n";
  const auto spec = Load(Head() + here + "cpu_limit = 0.25\n");
  ASSERT_TRUE(spec.ok()) << spec.error().Text();
  EXPECT_EQ(spec->sites[0].cpu_limit, 0.25);
  EXPECT_EQ(
      Error(Head() + here + "cpu_limit = 0\n"),
      "error: DIR/spec.toml: line 14: place.site[0].cpu_limit: the number 0\n  expected: a number above 0");
  EXPECT_EQ(Error(Head() + kSites + "cpu_limit = 0.25\n" + kLink),
            "error: DIR/spec.toml: line 8: place: the place 'cloud' has a cpu_limit and is not this machine\n"
            "  expected: cpu_limit where target = \"this-machine\": a profile says itself how fast it is");
}

TEST_F(PlaceSpecTest, AProfileOfYourOwnLiesBesideTheSpec) {
  const auto spec = Load(Head() + "[[place.site]]\nname = \"camera\"\ntarget = \"boards/mine.toml\"\n");
  ASSERT_TRUE(spec.ok()) << spec.error().Text();
  EXPECT_EQ(spec->sites[0].target, scratch_.path() / "boards/mine.toml");
}

TEST_F(PlaceSpecTest, QuantitiesHaveUnits) {
  EXPECT_EQ(
      Error(Head() + kSites + "[[place.link]]\nto = \"cloud\"\nuplink = \"4 MB\"\n"),
      "error: DIR/spec.toml: line 21: place.link[0].uplink: '4 MB' is not a rate of bytes\n"
      "  expected: a number and a unit: \"12.8 GB/s\" (B/s, kB/s, MB/s, GB/s, TB/s, KiB/s, MiB/s, GiB/s, "
      "bit/s, kbit/s, Mbit/s, Gbit/s)");
  EXPECT_EQ(Error(Head() + kSites + "[[place.link]]\nto = \"cloud\"\nuplink = \"0 bit/s\"\n"),
            "error: DIR/spec.toml: line 21: place.link[0].uplink: '0 bit/s'\n  expected: a rate above 0");
}

TEST(PlaceSpecDemoTest, SpecsThatComeWithTheProjectAreRead) {
  size_t read = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(SHOEHORN_SOURCE_DIR) / "demo/specs")) {
    if (!entry.path().filename().string().starts_with("place_")) continue;
    const auto spec = LoadPlaceSpec(entry.path());
    EXPECT_TRUE(spec.ok()) << spec.error().Text();
    ++read;
  }
  EXPECT_GE(read, 2u);
}

TEST(PlaceSpecDocumentTest, EveryKeyIsDocumented) {
  const auto text = ReadText(fs::path(SHOEHORN_SOURCE_DIR) / "docs/place-spec.md");
  ASSERT_TRUE(text.ok());
  const std::vector<std::string> keys = PlaceSpecKeys();
  EXPECT_GT(keys.size(), 50u);
  for (const std::string& key : keys) EXPECT_NE(text->find("`" + key + "`"), std::string::npos) << key;
}

}  // namespace
}  // namespace shoehorn::place
