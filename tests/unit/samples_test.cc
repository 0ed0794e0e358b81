// Samples and labels: what is read, and the exact words when something does not fit.
#include "data/samples.h"

#include <gmock/gmock.h>

#include "data/csv.h"
#include "support/scratch.h"

namespace shoehorn::data {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using testing::Scratch;

/// A picture of one colour.
std::string Ppm(int width, int height, std::string_view rgb) {
  std::string out = "P6\n" + std::to_string(width) + " " + std::to_string(height) + "\n255\n";
  for (int i = 0; i < width * height; ++i) out += rgb;
  return out;
}

InputSpec ImageInput(ir::Shape shape) {
  InputSpec input;
  input.name = "x";
  input.shape = std::move(shape);
  input.resize = Resize::kStretch;
  return input;
}

class SamplesTest : public ::testing::Test {
 protected:
  Scratch scratch_;

  SamplesSpec Spec(SampleFormat format) const {
    SamplesSpec spec;
    spec.format = format;
    spec.folder = scratch_.path() / "samples";
    return spec;
  }
  SamplesSpec CsvSpec(std::string_view csv) {
    scratch_.Write("samples/a.ppm", Ppm(2, 2, "abc"));
    scratch_.Write("samples/b.ppm", Ppm(2, 2, "abc"));
    SamplesSpec spec = Spec(SampleFormat::kImages);
    spec.labels = LabelFormat::kCsv;
    spec.labels_path = scratch_.Write("labels.csv", csv);
    return spec;
  }
  std::string ErrorOf(const SamplesSpec& spec, const InputSpec& input = ImageInput({1, 3, 2, 2})) const {
    const auto set = OpenSamples(spec, {input});
    if (!set.ok()) return scratch_.Masked(set.error().Text());
    const auto sample = (*set)->Load(0);
    return sample.ok() ? "no error" : scratch_.Masked(sample.error().Text());
  }
};

TEST(Csv, QuotesCommasAndLineEnds) {
  const auto rows = ParseCsv(
      "\xef\xbb\xbf"
      "a,\"b, \"\"c\"\"\nd\"\r\n\r\ne,\n,f",
      "t.csv");
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_THAT((*rows)[0].fields, ElementsAre("a", "b, \"c\"\nd"));
  EXPECT_THAT((*rows)[1].fields, ElementsAre("e", ""));
  EXPECT_EQ((*rows)[1].line, 4u);
  EXPECT_THAT((*rows)[2].fields, ElementsAre("", "f"));
}

TEST(Csv, BrokenQuotes) {
  EXPECT_EQ(ParseCsv("a\n\"b,c\n", "t.csv").error().Text(),
            "error: t.csv: line 2: a quote that is never closed\n  expected: a closing quote");
  EXPECT_EQ(ParseCsv("\"b\"c", "t.csv").error().Text(),
            "error: t.csv: line 1: 'c' after a closing quote\n  expected: a comma or the end of the line");
}

TEST_F(SamplesTest, CsvLabelsFindTheirFiles) {
  const auto set = OpenSamples(CsvSpec("file,label\nsamples/b.ppm,two\na.ppm,\"one, first\"\n"),
                               {ImageInput({1, 3, 2, 2})});
  ASSERT_TRUE(set.ok()) << set.error().Text();
  ASSERT_EQ((*set)->size(), 2u);
  EXPECT_EQ((*set)->Load(0)->label.text, "one, first");
  EXPECT_EQ((*set)->Load(1)->id, "b.ppm");
  EXPECT_EQ((*set)->Load(1)->label.text, "two");
}

TEST_F(SamplesTest, CsvWithoutHeader) {
  SamplesSpec spec = CsvSpec("a.ppm,x,1\nb.ppm,x,2\n");
  spec.csv_file_column = "1";
  spec.csv_label_column = "3";
  const auto set = OpenSamples(spec, {ImageInput({1, 3, 2, 2})});
  ASSERT_TRUE(set.ok()) << set.error().Text();
  EXPECT_EQ((*set)->Load(1)->label.text, "2");
}

TEST_F(SamplesTest, CsvErrors) {
  EXPECT_EQ(ErrorOf(CsvSpec("file,labels\na.ppm,1\n")),
            "error: DIR/labels.csv: line 1: no column 'label'\n  expected: one of file, labels\n  fix: did "
            "you mean 'labels'?");
  EXPECT_EQ(ErrorOf(CsvSpec("file,label\na.ppm,1\n")),
            "error: DIR/labels.csv: no row for 'b.ppm'\n  expected: one row for each of the 2 samples");
  EXPECT_EQ(ErrorOf(CsvSpec("file,label\na.ppm,1\nc.ppm,1\n")),
            "error: DIR/labels.csv: line 3: a label for 'c.ppm', which is not there\n  expected: a file "
            "under DIR/samples\n"
            "  fix: names are relative to the samples' folder or to the CSV file");
  EXPECT_EQ(ErrorOf(CsvSpec("file,label\na.ppm,1\na.ppm,1\n")),
            "error: DIR/labels.csv: line 3: a second label for 'a.ppm', the first is in line 2\n"
            "  expected: one label for each sample");
  EXPECT_EQ(ErrorOf(CsvSpec("file,label\na.ppm\n")),
            "error: DIR/labels.csv: line 2: 1 field(s)\n  expected: at least 2");
  EXPECT_EQ(ErrorOf(CsvSpec("")), "error: DIR/labels.csv: no rows\n  expected: one row for each sample");
}

TEST_F(SamplesTest, OffsetAndLimitCountInTheOrderOfNames) {
  for (const char* name : {"d", "b", "a", "c"})
    scratch_.Write(std::string("samples/") + name + ".ppm", Ppm(2, 2, "abc"));
  SamplesSpec spec = Spec(SampleFormat::kImages);
  spec.offset = 1;
  spec.limit = 2;
  const auto set = OpenSamples(spec, {ImageInput({1, 3, 2, 2})});
  ASSERT_EQ((*set)->size(), 2u);
  EXPECT_EQ((*set)->Load(0)->id, "b.ppm");
  EXPECT_EQ((*set)->Load(1)->id, "c.ppm");
  spec.offset = 4;
  EXPECT_EQ(
      ErrorOf(spec),
      "error: DIR/samples: 4 samples, all of them before offset 4\n  expected: an offset that leaves some");
}

TEST_F(SamplesTest, FolderErrors) {
  EXPECT_EQ(ErrorOf(Spec(SampleFormat::kRaw)),
            "error: DIR/samples: cannot list the folder: No such file or directory\n  fix: check the path of "
            "the samples");
  scratch_.Write("samples/readme.txt", "nothing");
  EXPECT_EQ(ErrorOf(Spec(SampleFormat::kRaw)),
            "error: DIR/samples: no samples\n  expected: files that end in .bin, .raw");
}

TEST_F(SamplesTest, YoloBoxesBecomePixels) {
  scratch_.Write("samples/a.ppm", Ppm(20, 10, "abc"));
  scratch_.Write("samples/empty.ppm", Ppm(20, 10, "abc"));
  scratch_.Write("labels/a.txt", "3 0.5 0.5 0.5 0.2\r\n\n0 0.25 0.5 0.5 1\n");
  SamplesSpec spec = Spec(SampleFormat::kImages);
  spec.labels = LabelFormat::kYolo;
  spec.labels_path = scratch_.path() / "labels";
  const auto set = OpenSamples(spec, {ImageInput({1, 3, 2, 2})});
  ASSERT_TRUE(set.ok()) << set.error().Text();
  const Sample sample = (*set)->Load(0).value();
  ASSERT_EQ(sample.label.boxes.size(), 2u);
  const Box box = sample.label.boxes[0];
  EXPECT_EQ(box.cls, 3);
  EXPECT_THAT((std::vector{box.x1, box.y1, box.x2, box.y2}),
              ElementsAre(DoubleEq(5), DoubleEq(4), DoubleEq(15), DoubleEq(6)));
  EXPECT_TRUE((*set)->Load(1)->label.present);
  EXPECT_TRUE((*set)->Load(1)->label.boxes.empty());
}

TEST_F(SamplesTest, YoloErrors) {
  scratch_.Write("samples/a.ppm", Ppm(20, 10, "abc"));
  SamplesSpec spec = Spec(SampleFormat::kImages);
  spec.labels = LabelFormat::kYolo;
  spec.labels_path = scratch_.path() / "labels";
  const auto with = [&](const char* name, std::string_view text) {
    std::filesystem::remove_all(spec.labels_path);
    scratch_.Write(std::string("labels/") + name, text);
    return ErrorOf(spec);
  };
  EXPECT_EQ(with("a.txt", "\n0 0.5 0.5 1\n"),
            "error: DIR/labels/a.txt: line 2: 4 number(s)\n  expected: 5: class, x, y, width, height");
  EXPECT_EQ(
      with("a.txt", "0 0.5 1.5 1 1"),
      "error: DIR/labels/a.txt: line 1: '1.5'\n  expected: a number from 0 to 1, relative to the picture");
  EXPECT_EQ(with("a.txt", "person 0.5 0.5 1 1"),
            "error: DIR/labels/a.txt: line 1: class 'person'\n  expected: a whole number from 0 on");
  EXPECT_EQ(
      with("b.txt", ""),
      "error: DIR/labels/b.txt: a label without its sample\n  expected: a sample 'b' under DIR/samples");
  EXPECT_EQ(
      with("a.xml", ""),
      "error: DIR/labels: no .txt file\n  expected: a file with the name of each sample, ending in .txt");
}

TEST_F(SamplesTest, ImagesBecomeTensors) {
  scratch_.Write("samples/a.ppm", Ppm(2, 1, "\x0a\x14\x1e"));  // red 10, green 20, blue 30
  InputSpec input = ImageInput({1, 3, 1, 2});
  input.mean = {10, 10, 10};
  input.scale = {1, 2, 3};
  EXPECT_THAT((*OpenSamples(Spec(SampleFormat::kImages), {input}))->Load(0)->inputs[0].As<float>(),
              ElementsAre(0, 0, 20, 20, 60, 60));
  input.color = Color::kBgr;
  EXPECT_THAT((*OpenSamples(Spec(SampleFormat::kImages), {input}))->Load(0)->inputs[0].As<float>(),
              ElementsAre(20, 20, 20, 20, 0, 0));
  InputSpec last = ImageInput({1, 1, 2, 3});
  last.layout = Layout::kNhwc;
  last.type = ir::DataType::kUint8;
  EXPECT_THAT((*OpenSamples(Spec(SampleFormat::kImages), {last}))->Load(0)->inputs[0].As<uint8_t>(),
              ElementsAre(10, 20, 30, 10, 20, 30));
}

TEST_F(SamplesTest, ResizeRulesSayWhereThePictureLies) {
  scratch_.Write("samples/a.ppm", Ppm(8, 4, "\x01\x01\x01"));
  InputSpec input = ImageInput({1, 1, 4, 4});
  input.color = Color::kGray;
  input.layout = Layout::kNchw;
  input.pad = 9;
  const auto load = [&](Resize resize) {
    input.resize = resize;
    return (*OpenSamples(Spec(SampleFormat::kImages), {input}))->Load(0).value();
  };
  const auto rows = [](const Sample& sample) {
    std::string out;
    for (const float value : sample.inputs[0].As<float>())
      out += static_cast<char>('0' + static_cast<int>(value));
    return out;
  };
  const Sample letterbox = load(Resize::kLetterbox);
  EXPECT_EQ(rows(letterbox), "1111111199999999");
  EXPECT_EQ(letterbox.scale_x, 0.5);
  const Sample centered = load(Resize::kLetterboxCenter);
  EXPECT_EQ(rows(centered), "9999111111119999");
  EXPECT_EQ(centered.offset_y, 1);
  const Sample crop = load(Resize::kCenterCrop);
  EXPECT_EQ(rows(crop), "1111111111111111");
  EXPECT_EQ(crop.offset_x, -2);
  EXPECT_EQ(crop.scale_x, 1);
  EXPECT_EQ(load(Resize::kFitHeight).scale_x, 0.5);  // wider than the model: squeezed
  input.shape = {1, 1, 2, 6};
  EXPECT_EQ(rows(load(Resize::kFitHeight)), "111199111199");
}

TEST_F(SamplesTest, ImageErrors) {
  scratch_.Write("samples/a.ppm", Ppm(3, 2, "abc"));
  InputSpec input = ImageInput({1, 3, 2, 2});
  input.resize = Resize::kNone;
  EXPECT_EQ(ErrorOf(Spec(SampleFormat::kImages), input),
            "error: DIR/samples/a.ppm: 3 x 2 pixels\n  expected: 2 x 2, as input 'x'\n"
            "  fix: set resize in the spec, for example to \"stretch\" or \"letterbox\"");
  scratch_.Write("samples/a.ppm", "P6 nothing");
  EXPECT_EQ(ErrorOf(Spec(SampleFormat::kImages)),
            "error: DIR/samples/a.ppm: 10 bytes that do not decode as a picture\n"
            "  expected: a whole JPEG, PNG, BMP, WebP, TIFF or PNM picture");
  scratch_.Write("samples/a.ppm", "\xff\xd8\xff\xe0 begun but never ended");
  EXPECT_EQ(ErrorOf(Spec(SampleFormat::kImages)),
            "error: DIR/samples/a.ppm: a JPEG picture that ends early, after 26 bytes\n"
            "  expected: a whole JPEG, PNG, BMP, WebP, TIFF or PNM picture");
  scratch_.Write("samples/a.ppm", "");
  EXPECT_EQ(ErrorOf(Spec(SampleFormat::kImages)),
            "error: DIR/samples/a.ppm: an empty file\n  expected: a whole JPEG, PNG, BMP, WebP, TIFF or PNM "
            "picture");
  EXPECT_EQ(ErrorOf(Spec(SampleFormat::kImages), ImageInput({1, 640})),
            "error: input 'x': shape [1, 640]\n  expected: three or four dimensions for a picture, such as "
            "[1, 3, 224, 224]\n"
            "  fix: give the samples as .npy files when the input is no picture");
  EXPECT_EQ(ErrorOf(Spec(SampleFormat::kImages), ImageInput({1, 3, 4, 3})),
            "error: input 'x': shape [1, 3, 4, 3], where the channels cannot be told\n"
            "  expected: 3 channels in one of two places\n  fix: set layout to \"nchw\" or \"nhwc\"");
  InputSpec means = ImageInput({1, 3, 2, 2});
  means.mean = {1, 2};
  EXPECT_EQ(ErrorOf(Spec(SampleFormat::kImages), means),
            "error: input 'x': 2 values of mean\n  expected: one, or one for each of the 3 channels");
}

TEST_F(SamplesTest, RawFilesAreConvertedAndScaled) {
  scratch_.Write("samples/a.bin", std::string("\x01\xff\x05", 3));
  SamplesSpec spec = Spec(SampleFormat::kRaw);
  spec.raw_type = ir::DataType::kInt8;
  InputSpec input;
  input.name = "x";
  input.shape = {1, 3};
  input.mean = {1};
  input.scale = {0.5};
  EXPECT_THAT((*OpenSamples(spec, {input}))->Load(0)->inputs[0].As<float>(), ElementsAre(0, -1, 2));
  spec.raw_type = ir::DataType::kInt16;
  EXPECT_EQ(
      ErrorOf(spec, input),
      "error: DIR/samples/a.bin: 3 bytes\n  expected: 6 bytes for int16 [1, 3], the shape of input 'x'");
}

TEST_F(SamplesTest, SeveralInputsWantNpz) {
  scratch_.Write("samples/a.bin", "abc");
  const InputSpec a = ImageInput({1, 3, 2, 2});
  const auto set = OpenSamples(Spec(SampleFormat::kRaw), {a, a});
  EXPECT_EQ(scratch_.Masked(set.error().Text()),
            "error: DIR/samples: samples for a model of 2 inputs\n  expected: one input for images, .npy and "
            "raw files\n"
            "  fix: give .npz files with one array for each input, by its name");
}

}  // namespace
}  // namespace shoehorn::data
