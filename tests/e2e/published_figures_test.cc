// The whole way from files to a figure on real models and labelled samples, held against the figures that
// were published for them (the README of the shared data): samples, preprocessing, ONNX Runtime, metric.
#include <gtest/gtest.h>

#include "data/coco_map.h"
#include "data/metric.h"
#include "data/samples.h"
#include "engines/engine.h"

namespace shoehorn::data {
namespace {

namespace fs = std::filesystem;

const fs::path kData = SHOEHORN_DATA_DIR;
const fs::path kModels = fs::path(SHOEHORN_DEPS_DIR) / "models";

class PublishedFigures : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kData / "labelled")) GTEST_SKIP() << "the shared data is not at " << kData;
  }

  /// Rows of every sample, by the model's first output.
  std::vector<Observation> Rows(const fs::path& model, const InputSpec& input, const SamplesSpec& samples,
                                const Metric& metric) {
    auto engine = engines::FindEngine("onnxruntime");
    EXPECT_TRUE(engine.ok()) << engine.error().Text();
    auto session = (*engine)->Load(model, {});
    EXPECT_TRUE(session.ok()) << session.error().Text();
    const auto set = OpenSamples(samples, {input});
    EXPECT_TRUE(set.ok()) << set.error().Text();
    std::vector<Observation> rows;
    for (size_t i = 0; i < (*set)->size(); ++i) {
      const auto sample = (*set)->Load(i);
      if (!sample.ok()) return ADD_FAILURE() << sample.error().Text(), rows;
      const auto outputs = (*session)->Run(sample->inputs);
      if (!outputs.ok()) return ADD_FAILURE() << outputs.error().Text(), rows;
      const auto row = metric.Observe(*sample, *outputs, {});
      if (!row.ok()) return ADD_FAILURE() << row.error().Text(), rows;
      rows.push_back(*row);
    }
    return rows;
  }
  double Figure(const fs::path& model, const InputSpec& input, const SamplesSpec& samples,
                const MetricSpec& spec) {
    const auto metric = MakeMetric(spec, {"out"});
    EXPECT_TRUE(metric.ok()) << metric.error().Text();
    const auto rows = Rows(model, input, samples, **metric);
    std::vector<const Observation*> pointers;
    for (const Observation& row : rows) pointers.push_back(&row);
    return (*metric)->Score(pointers);
  }

  static SamplesSpec Plates() {
    SamplesSpec samples;
    samples.folder = kData / "labelled/plates";
    samples.labels = LabelFormat::kCsv;
    samples.labels_path = kData / "labelled/plates/labels.csv";
    samples.csv_label_column = "plate";
    return samples;
  }
};

TEST_F(PublishedFigures, PlatesByLprnet) {
  InputSpec input;
  input.name = "input";
  input.shape = {1, 3, 24, 94};
  input.color = Color::kBgr;
  input.mean = {127.5};
  input.scale = {0.0078125};
  MetricSpec metric{.name = "ctc_exact", .blank = "last"};
  for (const char* entry :
       {"京", "沪", "津", "渝", "冀", "晋", "蒙", "辽", "吉", "黑", "苏", "浙", "皖", "闽", "赣", "鲁",
        "豫", "鄂", "湘", "粤", "桂", "琼", "川", "贵", "云", "藏", "陕", "甘", "青", "宁", "新"})
    metric.vocabulary.emplace_back(entry);
  for (const char c : std::string("0123456789ABCDEFGHJKLMNPQRSTUVWXYZIO"))
    metric.vocabulary.emplace_back(1, c);
  EXPECT_NEAR(Figure(kData / "models/lprnet.onnx", input, Plates(), metric), 0.909, 0.0005);
  metric.name = "ctc_cer";
  EXPECT_NEAR(Figure(kData / "models/lprnet.onnx", input, Plates(), metric), 1 - 0.978, 0.0005);
}

TEST_F(PublishedFigures, SpokenWordsByDsCnn) {
  InputSpec input;
  input.name = "x";
  input.shape = {1, 1, 49, 10};
  input.mean = {83};
  input.scale = {0.5847029089927673};
  SamplesSpec samples;
  samples.format = SampleFormat::kRaw;
  samples.raw_type = ir::DataType::kInt8;
  samples.folder = kData / "labelled/mlperf_kws01";
  samples.labels = LabelFormat::kCsv;
  samples.labels_path = samples.folder / "y_labels.csv";
  samples.csv_file_column = "1";
  samples.csv_label_column = "3";
  EXPECT_NEAR(Figure(kData / "models/mlperf_kws01_dscnn.onnx", input, samples, {.name = "top_k"}), 0.921,
              0.0005);
}

TEST_F(PublishedFigures, PhotographsByYoloxNano) {
  InputSpec input;
  input.name = "images";
  input.shape = {1, 3, 416, 416};
  input.color = Color::kBgr;
  input.resize = Resize::kLetterbox;
  SamplesSpec samples;
  samples.folder = kData / "labelled/coco128/images/val2017";
  samples.labels = LabelFormat::kYolo;
  samples.labels_path = kData / "labelled/coco128/object_detection/labels/val2017";
  const auto metric = MakeMetric({.name = "map_yolox"}, {"out"});
  const auto rows = Rows(kData / "models/yolox_nano.onnx", input, samples, **metric);
  std::vector<const Observation*> pointers;
  for (const Observation& row : rows) pointers.push_back(&row);
  // pycocotools on the same decoding gives 0.3389 and 0.4927; how the published 0.342 and 0.499 were decoded
  // is not known.
  EXPECT_NEAR((*metric)->Score(pointers), 0.3389, 0.001);
  EXPECT_NEAR(MeanAveragePrecisionAt(pointers, 0), 0.4927, 0.001);
}

}  // namespace
}  // namespace shoehorn::data
