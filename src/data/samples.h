// Samples: what a user's files become before a model sees them. A SampleSet knows how many there are and
// makes one at a time, so that memory stays flat however many samples there are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ir/tensor.h"
#include "support/result.h"

namespace shoehorn::data {

enum class Layout { kAsIs, kNchw, kNhwc };
enum class Color { kRgb, kBgr, kGray };
/// How an image reaches the model's height and width. kStretch ignores the aspect ratio; kLetterbox keeps it
/// and pads right and below with `pad`; kLetterboxCenter pads all around; kCenterCrop scales the shorter side
/// to `resize_shorter` and cuts the middle; kFitHeight scales to the model's height and pads (or squeezes) to
/// its width.
enum class Resize { kNone, kStretch, kLetterbox, kLetterboxCenter, kCenterCrop, kFitHeight };

/// One input of the model and the way from a file to it: (value - mean) * scale, per channel.
struct InputSpec {
  std::string name;
  ir::DataType type = ir::DataType::kFloat;
  ir::Shape shape;                ///< every dimension pinned
  Layout layout = Layout::kAsIs;  ///< images: kAsIs finds the channels by itself
  Color color = Color::kRgb;
  Resize resize = Resize::kNone;
  int resize_shorter = 0;
  double pad = 114;                 ///< pixel value of the letterbox border
  std::vector<double> mean = {0};   ///< one value or one a channel
  std::vector<double> scale = {1};  ///< one value or one a channel
};

enum class SampleFormat { kImages, kNpy, kNpz, kRaw };
enum class LabelFormat { kNone, kCsv, kYolo, kMask };

/// Where samples and labels lie. Relative paths are relative to the spec file.
struct SamplesSpec {
  SampleFormat format = SampleFormat::kImages;
  std::filesystem::path folder;
  LabelFormat labels = LabelFormat::kNone;
  std::filesystem::path labels_path;  ///< CSV file, or the folder of YOLO text files / class-mask PNGs
  /// Names in the CSV's header (empty: "file" and "label"), or numbers from 1 when it has no header.
  std::string csv_file_column, csv_label_column;
  ir::DataType raw_type =
      ir::DataType::kFloat;  ///< element type of raw binary files (and of the file, before mean and scale)
  size_t limit = 0;          ///< 0: all
  size_t offset = 0;         ///< skip so many first
};

/// A box in pixels of the original image.
struct Box {
  int cls = 0;
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
};

/// What is known to be true of a sample; which member is filled depends on the label format.
struct Label {
  std::string text{};            ///< CSV: the label as written (class number, plate text)
  std::vector<Box> boxes{};      ///< YOLO
  std::filesystem::path mask{};  ///< class-mask image
  bool present = false;
};

struct Sample {
  std::string id{};                  ///< file name, for messages and reports
  std::vector<ir::Tensor> inputs{};  ///< in the order of the InputSpecs
  Label label{};
  int original_width = 0, original_height = 0;  ///< of the image; 0 for arrays
  int model_width = 0, model_height = 0;
  double scale_x = 1, scale_y = 1;  ///< model pixel = original pixel * scale + offset
  double offset_x = 0, offset_y = 0;
};

class SampleSet {
 public:
  virtual ~SampleSet() = default;
  virtual size_t size() const = 0;
  /// Reads and preprocesses sample `i`; errors name the file and say what did not fit.
  virtual Result<Sample> Load(size_t i) const = 0;
};

/// Lists the samples of `folder` and of the folders in it, sorted by name (images: jpg, jpeg, png, bmp, webp,
/// tif, tiff, ppm, pgm; arrays: npy, npz; raw: bin, raw), and reads the labels. Images, .npy and raw files
/// feed a model of one input; .npz files hold one array for each input, by its name. Errors: no samples,
/// labels and samples that do not match, input specs that contradict the samples.
Result<std::unique_ptr<SampleSet>> OpenSamples(const SamplesSpec& samples,
                                               const std::vector<InputSpec>& inputs);

}  // namespace shoehorn::data
