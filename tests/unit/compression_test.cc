// What gzip makes of tensors: of bytes by themselves, and of the values of a model that runs on samples.
#include "place/compression.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "formats/onnx.h"
#include "support/quantized.h"
#include "support/scratch.h"

namespace shoehorn::place {
namespace {

using ::testing::HasSubstr;

std::vector<float> Normal(size_t count) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

double RatioOf(std::span<const std::byte> message) {
  GzipMeter meter;
  return static_cast<double>(meter.Measure(message).bytes) / static_cast<double>(message.size());
}

TEST(CompressionTest, FollowsWhatTheBytesHold) {
  EXPECT_LT(RatioOf(std::vector<std::byte>(100'000)), 0.002) << "zeros";
  std::mt19937 random(1);
  std::vector<uint8_t> noise(100'000);
  for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random());
  EXPECT_EQ(RatioOf(std::as_bytes(std::span(noise))), 1) << "what does not shrink is sent as it is";
  std::vector<float> relu = Normal(25'000);
  for (float& value : relu) value = std::max(value, 0.0F);
  const double sparse = RatioOf(std::as_bytes(std::span(relu)));
  EXPECT_GT(sparse, 0.4) << "half of them have random mantissas";
  EXPECT_LT(sparse, 0.65) << "half of them are zeros";
}

TEST(CompressionTest, OneMeterMeasuresManyMessages) {
  GzipMeter meter;
  const std::vector<float> values = Normal(5000);
  const auto message = std::as_bytes(std::span(values));
  const Gzipped first = meter.Measure(message);
  meter.Measure(std::vector<std::byte>(1'000'000));
  const Gzipped again = meter.Measure(message);
  EXPECT_EQ(first.bytes, again.bytes);
  EXPECT_GT(first.compress_s, 0);
  EXPECT_GT(first.decompress_s, 0);
  EXPECT_EQ(meter.Measure({}).bytes, 0);
}

TEST(CompressionTest, PiecesOfALargeTensorLieAllOver) {
  std::vector<std::byte> bytes(1'000'000);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte(i / 100'000);
  EXPECT_EQ(PiecesOf(bytes, bytes.size(), 0, 4), bytes);
  std::vector<size_t> met(10);
  for (size_t sample = 0; sample < 4; ++sample) {
    const std::vector<std::byte> pieces = PiecesOf(bytes, 100'000, sample, 4);
    EXPECT_EQ(pieces.size(), 12 * 8192u);
    for (const std::byte piece : pieces) ++met[static_cast<size_t>(piece)];
  }
  for (const size_t count : met) EXPECT_GT(count, 20'000u) << "of 39 kB";
}

TEST(CompressionTest, AnElementIsNeverCutInTwo) {
  std::vector<double> values(10'001);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  for (size_t sample = 0; sample < 3; ++sample) {
    const auto pieces = PiecesOf(std::as_bytes(std::span(values)), 3 * 8192, sample, 3);
    std::vector<double> met(pieces.size() / sizeof(double));
    std::memcpy(met.data(), pieces.data(), pieces.size());
    for (const double value : met) EXPECT_EQ(value, std::round(value));
    EXPECT_TRUE(std::ranges::is_sorted(met));
  }
}

/// noise -> relu -> nothing -> y, and what of them is largest.
class MeasuredCompression : public ::testing::Test {
 protected:
  MeasuredCompression() {
    model_ = testing::ParseGraph(R"(g (float[1,4,64,64] x) => (float[1,4,64,64] y, int64[1,1,64,64] top)
{
  zero = Constant <value = float {0}> ()
  relu = Relu(x)
  nothing = Mul(relu, zero)
  y = Exp(nothing)
  best = ArgMax<axis = 1, keepdims = 1>(relu)
  top = Neg(best)
})",
                                 8, 13);
    EXPECT_TRUE(formats::MakeTypeInference(*model_)->InferGraph(*model_->graph).ok());
    graph_ = *CutGraphOf(*model_->graph);
    const std::vector<float> values = Normal(6 * 4 * 64 * 64);
    for (size_t i = 0; i < 6; ++i)
      scratch_.Write("samples/" + std::to_string(i) + ".bin",
                     {reinterpret_cast<const char*>(values.data() + i * 4 * 64 * 64), 4 * 64 * 64 * 4});
    data::InputSpec input;
    input.name = "x";
    input.shape = {1, 4, 64, 64};
    spec_.inputs = {input};
    spec_.evaluation.folder = scratch_.path() / "samples";
    spec_.evaluation.format = data::SampleFormat::kRaw;
  }

  CutValue& Value(const std::string& name) {
    return *std::ranges::find(graph_.values, name, [](const CutValue& each) { return each.value->name(); });
  }
  double Ratio(const std::string& name, Packing packing) {
    return Value(name).compressed[static_cast<size_t>(packing)].ratio;
  }
  Result<CompressionReport> Measure(const std::vector<Packing>& packings, bool stop = false) {
    return MeasureCompression(
        spec_, *model_, packings, [stop] { return stop; }, graph_);
  }

  testing::Scratch scratch_;
  fit::Spec spec_;
  std::unique_ptr<ir::Model> model_;
  CutGraph graph_;
};

TEST_F(MeasuredCompression, EachTensorHasItsOwnRatioByPacking) {
  const auto report = Measure({Packing::kNone, Packing::kFloat16, Packing::kInt8});
  ASSERT_TRUE(report.ok()) << report.error().Text();
  EXPECT_EQ(report->samples, 4u);
  EXPECT_EQ(report->tensors, 4u) << "x, relu, nothing, best";
  EXPECT_GT(Ratio("x", Packing::kNone), 0.85) << "random mantissas";
  EXPECT_LE(Ratio("x", Packing::kNone), 1);
  EXPECT_LT(Ratio("nothing", Packing::kNone), 0.01);
  EXPECT_LT(Ratio("nothing", Packing::kInt8), 0.01);
  EXPECT_GT(Ratio("relu", Packing::kNone), 0.4);
  EXPECT_LT(Ratio("relu", Packing::kNone), 0.65);
  const CutValue& relu = Value("relu");
  EXPECT_LT(relu.BytesAs(Packing::kFloat16, true), relu.BytesAs(Packing::kNone, true));
  EXPECT_LT(relu.BytesAs(Packing::kInt8, true), relu.BytesAs(Packing::kFloat16, true));
  EXPECT_LT(relu.BytesAs(Packing::kInt8, true), 0.8 * relu.BytesAs(Packing::kInt8));
  EXPECT_GT(relu.CompressedAs(Packing::kInt8).compress_s, 0);
  EXPECT_GT(relu.CompressedAs(Packing::kInt8).decompress_s, 0);
  EXPECT_LT(Ratio("best", Packing::kNone), 0.2) << "small integers in 64 bits";
  EXPECT_EQ(Ratio("best", Packing::kInt8), 1) << "integers are not packed";
  EXPECT_EQ(Ratio("y", Packing::kNone), 1) << "an answer that nobody reads does not go up";
}

TEST_F(MeasuredCompression, OnlyWhatMayCrossIsMeasured) {
  Value("relu").may_leave = false;
  Value("nothing").sized = false;
  const auto report = Measure({Packing::kInt8});
  ASSERT_TRUE(report.ok()) << report.error().Text();
  EXPECT_EQ(report->tensors, 2u);
  EXPECT_EQ(Ratio("relu", Packing::kInt8), 1);
  EXPECT_EQ(Ratio("nothing", Packing::kInt8), 1);
  EXPECT_LT(Ratio("x", Packing::kInt8), 1);
  EXPECT_LT(Ratio("x", Packing::kNone), 1) << "a place with a model of its own gets the input as it is";
  EXPECT_LT(Ratio("best", Packing::kNone), 0.2);
}

TEST_F(MeasuredCompression, StopsAndSaysWhatIsMissing) {
  EXPECT_FALSE(Measure({Packing::kNone}, true).ok());
  spec_.evaluation.folder = scratch_.path() / "nowhere";
  const auto report = Measure({Packing::kNone});
  ASSERT_FALSE(report.ok());
  EXPECT_THAT(report.error().Text(), HasSubstr("nowhere"));
}

TEST_F(MeasuredCompression, TheDevicesTimeIsTheLimitsOrUnknown) {
  Value("x").compressed[0] = {0.5, 0.010, 0.002};
  CompressionReport report;
  Site device;
  device.target = kThisMachine;
  device.threads = 4;
  device.cpu_limit = 2;
  EXPECT_EQ(ProcessorFactor(device), 1) << "gzip is one thread";
  device.cpu_limit = 0.25;
  EXPECT_EQ(*CompressOnDevice(device, graph_, report), "");
  EXPECT_EQ(report.device_factor, 4);
  EXPECT_DOUBLE_EQ(Value("x").compressed[0].compress_s, 0.040);
  EXPECT_DOUBLE_EQ(Value("x").compressed[0].decompress_s, 0.002) << "the other place undoes it";
  EXPECT_EQ(graph_.compress_w, 0);

  device.target = "raspberry-pi-4";
  const auto remark = CompressOnDevice(device, graph_, report);
  ASSERT_TRUE(remark.ok()) << remark.error().Text();
  EXPECT_EQ(*remark,
            "the time that gzip takes is this machine's, since no profile says how fast a device compresses: "
            "with `compress` a slower device answers later than expected");
  EXPECT_EQ(report.device_factor, 1);
  EXPECT_DOUBLE_EQ(graph_.compress_w, 2.5) << "the profile's busy power of its processor";
}

}  // namespace
}  // namespace shoehorn::place
