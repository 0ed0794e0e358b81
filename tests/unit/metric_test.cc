// Metrics on small hand-made outputs whose value is known, and the exact words when an output does not fit.
#include "data/metric.h"

#include <gmock/gmock.h>

#include "data/coco_map.h"
#include "data/metrics_by_sample.h"
#include "data/yolox.h"
#include "support/scratch.h"

namespace shoehorn::data {
namespace {

using ir::Tensor;
using ::testing::DoubleEq;
using ::testing::DoubleNear;
using ::testing::ElementsAre;

Sample Labelled(std::string text) {
  Sample sample;
  sample.id = "s.jpg";
  sample.label.text = std::move(text);
  sample.label.present = true;
  return sample;
}

std::unique_ptr<Metric> Make(const MetricSpec& spec) {
  auto metric = MakeMetric(spec, {"out", "second"});
  EXPECT_TRUE(metric.ok()) << metric.error().Text();
  return std::move(metric).value();
}
std::unique_ptr<Metric> Make(const char* name) {
  return Make(MetricSpec{.name = name, .vocabulary = {"a", "b"}});
}

double ScoreOf(const Metric& metric, const std::vector<Observation>& rows) {
  std::vector<const Observation*> pointers;
  for (const Observation& row : rows) pointers.push_back(&row);
  return metric.Score(pointers);
}
Observation Observe(const Metric& metric, const Sample& sample, const Tensor& output) {
  const auto row = metric.Observe(sample, std::vector{output}, {});
  EXPECT_TRUE(row.ok()) << row.error().Text();
  return row.ok() ? *row : Observation{};
}
std::string ErrorOf(const Metric& metric, const Sample& sample, const Tensor& output) {
  const auto row = metric.Observe(sample, std::vector{output}, {});
  return row.ok() ? "no error" : row.error().Text();
}

TEST(MetricTest, UnknownNames) {
  EXPECT_EQ(MakeMetric({.name = "top_kk"}, {}).error().Text(),
            "error: metric.name: unknown metric 'top_kk'\n"
            "  expected: one of top_k, ctc_exact, ctc_cer, roc_auc, mean_iou, map_yolox, cosine, "
            "top1_agreement, external\n"
            "  fix: did you mean 'top_k'?");
  EXPECT_EQ(MakeMetric({.name = "top_k", .output = "logit"}, {"logits", "boxes"}).error().Text(),
            "error: metric.output: no output 'logit' in the model\n  expected: one of logits, boxes\n  fix: "
            "did you mean 'logits'?");
  EXPECT_EQ(MakeMetric({.name = "ctc_exact"}, {"y"}).error().Text(),
            "error: metric.vocabulary: no vocabulary\n"
            "  expected: the characters in the order of the model's classes, without the blank");
}

TEST(MetricTest, TopK) {
  const auto scores = Tensor::Of<float>({1, 3}, {0.1f, 0.7f, 0.2f});
  const auto top1 = Make("top_k");
  EXPECT_THAT(Observe(*top1, Labelled("1"), scores), ElementsAre(1));
  EXPECT_THAT(Observe(*top1, Labelled("2"), scores), ElementsAre(0));
  EXPECT_THAT(Observe(*Make(MetricSpec{.name = "top_k", .k = 2}), Labelled("2"), scores), ElementsAre(1));
  EXPECT_THAT(Observe(*top1, Labelled("1"), Tensor::Of<float>({1, 3}, {1, 1, 1})),
              ElementsAre(0));  // a tie is no hit
  EXPECT_DOUBLE_EQ(ScoreOf(*top1, {{1}, {0}, {1}, {1}}), 0.75);
  EXPECT_EQ(ErrorOf(*top1, Labelled("3"), scores),
            "error: s.jpg: metric top_1: label '3'\n  expected: a class number from 0 to 2");
  EXPECT_EQ(
      ErrorOf(*top1, Sample{.id = "s.jpg"}, scores),
      "error: s.jpg: metric top_1: no label\n  expected: a class number\n  fix: set labels in the spec");
  EXPECT_EQ(ErrorOf(*top1, Labelled("1"), Tensor::Of<float>({1, 2, 2}, {1, 2, 3, 4})),
            "error: s.jpg: metric top_1: an output of float [1, 2, 2]\n  expected: one row of more than 1 "
            "class score(s)\n"
            "  fix: choose another output or metric");
  EXPECT_EQ(ErrorOf(*top1, Labelled("1"), Tensor::Of<float>({1, 2}, {1, NAN})),
            "error: s.jpg: metric top_1: nan at element 1 of the output\n  expected: finite numbers");
}

TEST(MetricTest, CtcMergesRepeatsAndDropsBlanks) {
  // Steps: a a - a b, blank first; classes last, then classes first.
  const auto steps = Tensor::Of<float>({1, 5, 3}, {0, 9, 1, 0, 9, 1, 9, 0, 1, 0, 9, 1, 0, 1, 9});
  EXPECT_THAT(Observe(*Make("ctc_exact"), Labelled("aab"), steps), ElementsAre(1));
  const auto turned = Tensor::Of<float>({1, 3, 5}, {0, 0, 9, 0, 0, 9, 9, 0, 9, 1, 1, 1, 1, 1, 9});
  EXPECT_THAT(Observe(*Make("ctc_exact"), Labelled("aab"), turned), ElementsAre(1));
  const MetricSpec last{.name = "ctc_exact", .vocabulary = {"x", "粤"}, .blank = "last"};
  EXPECT_THAT(Observe(*Make(last), Labelled("x"), Tensor::Of<float>({1, 2, 3}, {9, 0, 0, 0, 0, 9})),
              ElementsAre(1));
  EXPECT_THAT(Observe(*Make(last), Labelled("粤"), Tensor::Of<float>({1, 2, 3}, {0, 9, 0, 0, 0, 9})),
              ElementsAre(1));
  EXPECT_EQ(ErrorOf(*Make("ctc_exact"), Labelled("a"), Tensor::Of<float>({1, 2, 5}, std::vector<float>(10))),
            "error: s.jpg: metric ctc_exact: an output of float [1, 2, 5]\n"
            "  expected: [1, steps, 3] or [1, 3, steps]: 2 characters of the vocabulary and the blank\n"
            "  fix: check metric.output and metric.vocabulary");
}

TEST(MetricTest, CtcSpaceAndIgnoredCharacters) {
  // Four classes: blank, a, b and the space that the vocabulary leaves out.
  const auto steps = Tensor::Of<float>({1, 3, 4}, {0, 9, 0, 0, 0, 0, 0, 9, 0, 0, 9, 0});
  EXPECT_THAT(Observe(*Make("ctc_exact"), Labelled("a b"), steps), ElementsAre(1));
  EXPECT_THAT(Observe(*Make("ctc_exact"), Labelled("a·b"), steps), ElementsAre(0));
  const MetricSpec spec{.name = "ctc_exact", .vocabulary = {"a", "b"}, .ignore = "· "};
  EXPECT_THAT(Observe(*Make(spec), Labelled("a·b"), steps), ElementsAre(1));
}

TEST(MetricTest, CharacterErrorRateCountsCharactersNotBytes) {
  const auto cer = Make(MetricSpec{.name = "ctc_cer", .vocabulary = {"粤", "b"}});
  const auto steps = Tensor::Of<float>({1, 2, 3}, {0, 9, 0, 0, 0, 9});  // "粤b"
  EXPECT_THAT(Observe(*cer, Labelled("粤京b"), steps), ElementsAre(1, 3));
  EXPECT_DOUBLE_EQ(ScoreOf(*cer, {{1, 3}, {0, 7}}), 0.1);
  EXPECT_FALSE(cer->higher_is_better());
}

TEST(MetricTest, RocAuc) {
  const auto auc = Make("roc_auc");
  EXPECT_THAT(Observe(*auc, Labelled("1"), Tensor::Of<float>({1, 2}, {0.25f, 0.75f})), ElementsAre(0.5, 1));
  EXPECT_DOUBLE_EQ(ScoreOf(*auc, {{0.1, 0}, {0.4, 0}, {0.35, 1}, {0.8, 1}}), 0.75);
  EXPECT_DOUBLE_EQ(ScoreOf(*auc, {{0.5, 0}, {0.5, 1}}), 0.5);  // a tie is half a pair
  EXPECT_DOUBLE_EQ(ScoreOf(*auc, {{0.1, 1}, {0.4, 1}}), 0.5);  // no negatives
}

TEST(MetricTest, MeanIou) {
  const testing::Scratch scratch;
  Sample sample = Labelled("");
  // 2 x 2 mask as a grey picture: classes 0 1 / 2 ignored.
  sample.label.mask =
      scratch.Write("m.pgm", std::string("P5\n2 2\n255\n") + std::string("\x00\x01\x02\xff", 4));
  sample.original_width = sample.original_height = sample.model_width = sample.model_height = 2;
  const auto iou = Make("mean_iou");
  const auto row = Observe(*iou, sample, Tensor::Of<int64_t>({1, 2, 2}, {0, 0, 2, 1}));
  EXPECT_THAT(row, ElementsAre(0, 1, 2, 1, 0, 1, 2, 1, 1));
  EXPECT_DOUBLE_EQ(ScoreOf(*iou, {row}), 0.5);
  EXPECT_DOUBLE_EQ(ScoreOf(*iou, {row, {0, 1, 1}}), (2.0 / 3 + 0 + 1) / 3);
  const auto scores = Tensor::Of<float>({1, 3, 2, 2}, {9, 9, 0, 0, 0, 0, 0, 9, 0, 0, 9, 0});
  EXPECT_EQ(Observe(*iou, sample, scores), row);
  sample.original_width = 3;
  EXPECT_EQ(ErrorOf(*iou, sample, scores),
            "error: s.jpg: metric mean_iou: a mask of 2 x 2\n  expected: 3 x 2, the size of the picture");
}

TEST(MetricTest, AveragePrecisionOfKnownDetections) {
  const std::vector<Box> objects = {{0, 0, 0, 10, 10}, {0, 20, 0, 30, 10}};
  const Box exact{0, 0, 0, 10, 10}, half{0, 20, 0, 30, 6}, wrong{0, 50, 50, 60, 60};
  const auto row = MatchDetections({{wrong, 0.8}, {exact, 0.9}, {half, 0.7}}, objects);
  // exact hits at all ten thresholds, half (overlap 0.6) at 0.50, 0.55 and 0.60.
  EXPECT_THAT(row, ElementsAre(2, 0, 0, 0, 0.9, 1023, 0, 0.8, 0, 0, 0.7, 7));
  const std::vector<const Observation*> rows = {&row};
  // Precision 1 up to recall 0.5 (51 of 101 points), then 2/3.
  EXPECT_THAT(MeanAveragePrecisionAt(rows, 0), DoubleNear((51 + 50 * 2.0 / 3) / 101, 1e-12));
  EXPECT_THAT(MeanAveragePrecisionAt(rows, 9), DoubleNear(51.0 / 101, 1e-12));
  const Observation nothing = MatchDetections({{exact, 0.9}}, {});
  EXPECT_EQ(MeanAveragePrecision(std::vector<const Observation*>{&nothing}), 0);
}

TEST(MetricTest, AnObjectIsMatchedOnce) {
  const Box box{1, 0, 0, 10, 10};
  EXPECT_THAT(MatchDetections({{box, 0.9}, {box, 0.8}}, std::vector{box}),
              ElementsAre(1, 1, 1, 0.9, 1023, 1, 0.8, 0));
}

TEST(MetricTest, YoloxGridToPixels) {
  Sample sample;
  sample.model_width = sample.model_height = 8;
  sample.scale_x = sample.scale_y = 0.5;
  // Strides 4 and 8: four cells and one. Cell (row 0, column 1) of stride 4 holds an object of class 1.
  std::vector<double> cells(5 * 7, 0);
  const double cell[] = {0.5, 0.5, 0, 0, 0.9, 0.1, 0.8};
  std::copy(std::begin(cell), std::end(cell), cells.begin() + 7);
  const auto found = DecodeYolox(cells, 2, sample, {.score_threshold = 0.1, .strides = {4, 8}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_DOUBLE_EQ(found[0].score, 0.9 * 0.8);
  const Box box = found[0].box;  // centre (6, 2), 4 x 4, twice as large in the original
  EXPECT_EQ(box.cls, 1);
  EXPECT_THAT((std::vector{box.x1, box.y1, box.x2, box.y2}), ElementsAre(8, 0, 16, 8));

  sample = Labelled("");
  sample.model_width = sample.model_height = 8;
  MetricSpec spec{.name = "map_yolox"};
  spec.strides = {4, 8};
  EXPECT_EQ(ErrorOf(*Make(spec), sample, Tensor::Of<float>({1, 6}, std::vector<float>(6))),
            "error: s.jpg: metric map_yolox: an output of float [1, 6]\n"
            "  expected: [1, 5, 5 + classes]: a cell for each 4, 8 pixels of 8 x 8\n  fix: check "
            "metric.output and metric.strides");
}

TEST(MetricTest, SuppressionStaysWithinAClass) {
  Sample sample;
  sample.model_width = 16;
  sample.model_height = 8;
  // Two cells of stride 8 whose boxes coincide: (1, 0.5) of column 0 is (0, 0.5) of column 1.
  const std::vector<double> same = {1, 0.5, 0, 0, 0.9, 0.9, 0, 0, 0.5, 0, 0, 0.8, 0.9, 0};
  EXPECT_EQ(DecodeYolox(same, 2, sample, {.strides = {8}}).size(), 1u);
  const std::vector<double> other = {1, 0.5, 0, 0, 0.9, 0.9, 0, 0, 0.5, 0, 0, 0.8, 0, 0.9};
  EXPECT_EQ(DecodeYolox(other, 2, sample, {.strides = {8}}).size(), 2u);
}

TEST(MetricTest, AgreementWithTheOriginal) {
  const std::vector<Tensor> mine = {Tensor::Of<float>({1, 2}, {3, 4}), Tensor::Of<float>({1, 2}, {0, 1})};
  const std::vector<Tensor> theirs = {Tensor::Of<float>({1, 2}, {6, 8}), Tensor::Of<float>({1, 2}, {1, 0})};
  const auto all = Make("cosine");
  EXPECT_TRUE(all->needs_reference());
  EXPECT_THAT(*all->Observe(Labelled(""), mine, theirs), ElementsAre(DoubleEq(0)));  // the worst of the two
  const auto first = Make(MetricSpec{.name = "cosine", .output = "out"});
  EXPECT_THAT(*first->Observe(Labelled(""), mine, theirs), ElementsAre(DoubleEq(1)));
  const auto top = Make("top1_agreement");
  EXPECT_THAT(*top->Observe(Labelled(""), mine, theirs), ElementsAre(1));
  EXPECT_THAT(*top->Observe(Labelled(""), std::vector{mine[1]}, std::vector{theirs[1]}), ElementsAre(0));
  EXPECT_EQ(first->Observe(Labelled(""), mine, std::vector{theirs[0]}).error().expected,
            "1, as the original");
}

TEST(MetricTest, ExternalCommandReadsTheOutputs) {
  const testing::Scratch scratch;
  const auto with = [&](std::string command) {
    return Make(MetricSpec{.name = "external", .command = std::move(command)});
  };
  const Tensor output = Tensor::Of<float>({1, 2}, {1, 2});
  const auto script = scratch.Write(
      "metric.sh", "test -s \"$1/out.npy\" && test \"$SHOEHORN_LABEL\" = \"it's\" && echo 0.25\n");
  EXPECT_THAT(Observe(*with("sh " + script.string()), Labelled("it's"), output), ElementsAre(0.25));
  EXPECT_EQ(ErrorOf(*with("echo good #"), Labelled(""), output),
            "error: s.jpg: metric external: 'echo good #' printed 'good'\n  expected: one finite number");
  EXPECT_EQ(ErrorOf(*with("exit 3;"), Labelled(""), output),
            "error: s.jpg: metric external: 'exit 3;' ended with status 3\n  expected: status 0");
}

TEST(MetricsBySampleTest, AreThoseThatLabelsAloneDecide) {
  EXPECT_EQ(MetricsBySample(), (std::vector<std::string>{"top_k", "ctc_exact", "external"}));
}

}  // namespace
}  // namespace shoehorn::data
