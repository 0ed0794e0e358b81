#include "data/images.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "support/files.h"

namespace shoehorn::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kJpegBegin = "\xff\xd8\xff", kJpegEnd = "\xff\xd9";

/// libjpeg fills up a picture that ends early with grey and only warns, so the end mark is looked for here.
bool EndsEarly(std::string_view bytes) {
  if (!bytes.starts_with(kJpegBegin)) return false;
  constexpr size_t kTail = 4096;  // some cameras write their own data after the picture
  return bytes.substr(bytes.size() - std::min(kTail, bytes.size())).find(kJpegEnd) == std::string_view::npos;
}

using ImageDecoder = cv::Mat (*)(cv::InputArray encoded, int mode);

/// cv::imdecode, from its library that is opened on the first picture: linking it costs each start of the
/// program 60 ms and 40 MB, whether it sees a picture or not. Null when there is no such library.
ImageDecoder OpenDecoder() {
  void* library = ::dlopen(SHOEHORN_IMGCODECS, RTLD_LAZY | RTLD_LOCAL);
  constexpr const char* kImdecode = "_ZN2cv8imdecodeERKNS_11_InputArrayEi";
  return library == nullptr ? nullptr : reinterpret_cast<ImageDecoder>(::dlsym(library, kImdecode));
}

Result<cv::Mat> Decode(const fs::path& path, int mode) {
  SHOEHORN_ASSIGN(const auto file, MappedFile::Open(path));
  const auto bytes = file->bytes();
  Diagnostic diagnostic{.file = path.string(),
                        .expected = "a whole JPEG, PNG, BMP, WebP, TIFF or PNM picture"};
  if (bytes.empty()) {
    diagnostic.found = "an empty file";
    return diagnostic;
  }
  if (EndsEarly({reinterpret_cast<const char*>(bytes.data()), bytes.size()})) {
    diagnostic.found = fmt::format("a JPEG picture that ends early, after {} bytes", bytes.size());
    return diagnostic;
  }
  diagnostic.found = fmt::format("{} bytes that do not decode as a picture", bytes.size());
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) return diagnostic;
  static const ImageDecoder decode = OpenDecoder();
  if (decode == nullptr) {
    diagnostic.found = fmt::format("no decoder for it: {} does not open", SHOEHORN_IMGCODECS);
    diagnostic.fix = "install OpenCV's image codecs (libopencv-imgcodecs)";
    return diagnostic;
  }
  try {
    const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8U, const_cast<std::byte*>(bytes.data()));
    cv::Mat image = decode(encoded, mode);
    if (image.empty()) return diagnostic;
    return image;
  } catch (const cv::Exception& error) {
    diagnostic.found += ": " + error.err;
    return diagnostic;
  }
}

/// A piece of the resized picture and the place in the model's input that it covers.
struct Placement {
  cv::Size resized;
  cv::Rect cut;  ///< of the resized picture
  cv::Point at;  ///< in the input
};

Placement Place(const InputSpec& input, cv::Size image, cv::Size model) {
  const double w = image.width, h = image.height;
  const auto whole = [](cv::Size size, cv::Point at = {0, 0}) {
    return Placement{size, cv::Rect({0, 0}, size), at};
  };
  switch (input.resize) {
    case Resize::kNone:
    case Resize::kStretch:
      return whole(model);
    case Resize::kLetterbox:
    case Resize::kLetterboxCenter: {
      const double ratio = std::min(model.width / w, model.height / h);
      // The small addition keeps 640 * (416 / 640) at 416.
      const cv::Size size(std::clamp(static_cast<int>(w * ratio + 1e-9), 1, model.width),
                          std::clamp(static_cast<int>(h * ratio + 1e-9), 1, model.height));
      if (input.resize == Resize::kLetterbox) return whole(size);
      return whole(size, {(model.width - size.width) / 2, (model.height - size.height) / 2});
    }
    case Resize::kFitHeight: {
      const int width = static_cast<int>(std::ceil(model.height * w / h));
      return whole({std::clamp(width, 1, model.width), model.height});
    }
    case Resize::kCenterCrop: {
      const double cover = std::max(model.width / w, model.height / h);
      const double ratio =
          input.resize_shorter > 0 ? std::max(cover, input.resize_shorter / std::min(w, h)) : cover;
      const cv::Size size(std::max(model.width, static_cast<int>(std::lround(w * ratio))),
                          std::max(model.height, static_cast<int>(std::lround(h * ratio))));
      return {
          size, cv::Rect({(size.width - model.width) / 2, (size.height - model.height) / 2}, model), {0, 0}};
    }
  }
  SHOEHORN_CHECK(false, "a resize rule without a placement");
}

/// Pixel value -> model value, a table for each channel; index 256 is the border.
using Table = std::array<double, 257>;
std::vector<Table> Tables(const InputSpec& input, int64_t channels) {
  std::vector<Table> tables(static_cast<size_t>(channels));
  for (size_t c = 0; c < tables.size(); ++c) {
    const double mean = input.mean.size() > 1 ? input.mean[c] : input.mean[0];
    const double scale = input.scale.size() > 1 ? input.scale[c] : input.scale[0];
    for (size_t v = 0; v < 256; ++v) tables[c][v] = (static_cast<double>(v) - mean) * scale;
    tables[c][256] = (input.pad - mean) * scale;
  }
  return tables;
}

}  // namespace

Result<ImageAxes> AxesOf(const InputSpec& input) {
  const auto refuse = [&](std::string found, std::string expected, std::string fix = "") {
    return Diagnostic{.place = fmt::format("input '{}'", input.name),
                      .found = std::move(found),
                      .expected = std::move(expected),
                      .fix = std::move(fix)};
  };
  const std::string shape = fmt::format("shape [{}]", fmt::join(input.shape, ", "));
  const auto& dims = input.shape;
  if (dims.size() < 3 || dims.size() > 4)
    return refuse(shape, "three or four dimensions for a picture, such as [1, 3, 224, 224]",
                  "give the samples as .npy files when the input is no picture");
  const size_t rank = dims.size();
  if (rank == 4 && dims[0] != 1)
    return refuse(shape, "a batch of 1: one picture at a time", "pin the batch to 1");
  const int64_t wanted = input.color == Color::kGray ? 1 : 3;
  const int64_t first = dims[rank - 3], last = dims[rank - 1];
  ImageAxes axes;
  switch (input.layout) {
    case Layout::kNchw:
      axes.channels_last = false;
      break;
    case Layout::kNhwc:
      axes.channels_last = true;
      break;
    case Layout::kAsIs:
      if ((first == wanted) == (last == wanted))
        return refuse(fmt::format("{}, where the channels cannot be told", shape),
                      fmt::format("{} channels in one of two places", wanted),
                      "set layout to \"nchw\" or \"nhwc\"");
      axes.channels_last = last == wanted;
      break;
  }
  axes.channels = axes.channels_last ? last : first;
  axes.height = axes.channels_last ? dims[rank - 3] : dims[rank - 2];
  axes.width = axes.channels_last ? dims[rank - 2] : dims[rank - 1];
  if (axes.channels != wanted)
    return refuse(fmt::format("{}: {} channel(s)", shape, axes.channels),
                  fmt::format("{} for this colour order", wanted),
                  "set color, layout or shape so that they agree");
  constexpr int64_t kMaxSide = 32768;
  if (axes.height < 1 || axes.width < 1 || axes.height > kMaxSide || axes.width > kMaxSide)
    return refuse(shape, fmt::format("height and width from 1 to {}", kMaxSide),
                  "pin every dimension in the spec");
  return axes;
}

Status LoadImage(const fs::path& path, const InputSpec& input, Sample& sample) {
  SHOEHORN_ASSIGN(const ImageAxes axes, AxesOf(input));
  SHOEHORN_ASSIGN(const cv::Mat image,
                  Decode(path, input.color == Color::kGray ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR));
  const cv::Size model(static_cast<int>(axes.width), static_cast<int>(axes.height));
  if (input.resize == Resize::kNone && image.size() != model)
    return Diagnostic{
        .file = path.string(),
        .found = fmt::format("{} x {} pixels", image.cols, image.rows),
        .expected = fmt::format("{} x {}, as input '{}'", model.width, model.height, input.name),
        .fix = "set resize in the spec, for example to \"stretch\" or \"letterbox\""};

  const Placement place = Place(input, image.size(), model);
  cv::Mat resized = image;
  if (image.size() != place.resized) cv::resize(image, resized, place.resized, 0, 0, cv::INTER_LINEAR);

  const auto tables = Tables(input, axes.channels);
  const auto channels = static_cast<size_t>(axes.channels);
  const size_t plane = static_cast<size_t>(model.area());
  const size_t pixel_step = axes.channels_last ? channels : 1, channel_step = axes.channels_last ? 1 : plane;
  std::vector<float> values(plane * channels);
  for (size_t c = 0; c < channels; ++c)
    for (size_t p = 0; p < plane; ++p)
      values[p * pixel_step + c * channel_step] = static_cast<float>(tables[c][256]);
  for (int y = 0; y < place.cut.height; ++y) {
    const uint8_t* row = resized.ptr<uint8_t>(place.cut.y + y) + static_cast<size_t>(place.cut.x) * channels;
    const size_t start = static_cast<size_t>(place.at.y + y) * static_cast<size_t>(model.width) +
                         static_cast<size_t>(place.at.x);
    for (size_t c = 0; c < channels; ++c) {
      const size_t source = input.color == Color::kRgb ? channels - 1 - c : c;  // OpenCV decodes to BGR
      for (int x = 0; x < place.cut.width; ++x)
        values[(start + static_cast<size_t>(x)) * pixel_step + c * channel_step] =
            static_cast<float>(tables[c][row[static_cast<size_t>(x) * channels + source]]);
    }
  }

  if (input.type == ir::DataType::kFloat)
    sample.inputs.push_back(ir::Tensor::Of<float>(input.shape, values));
  else
    sample.inputs.push_back(
        ir::Tensor::FromDoubles(input.type, input.shape, std::vector<double>(values.begin(), values.end())));
  sample.original_width = image.cols;
  sample.original_height = image.rows;
  sample.model_width = model.width;
  sample.model_height = model.height;
  sample.scale_x = static_cast<double>(place.resized.width) / image.cols;
  sample.scale_y = static_cast<double>(place.resized.height) / image.rows;
  sample.offset_x = place.at.x - place.cut.x;
  sample.offset_y = place.at.y - place.cut.y;
  return Ok();
}

Result<Mask> LoadMask(const fs::path& path) {
  SHOEHORN_ASSIGN(const cv::Mat image, Decode(path, cv::IMREAD_UNCHANGED));
  if (image.type() != CV_8UC1)
    return Diagnostic{.file = path.string(),
                      .found = fmt::format("a picture of {} channel(s)", image.channels()),
                      .expected = "one channel of 8 bits that holds the class of each pixel",
                      .fix = "save the mask as a grey PNG of class numbers, without a palette"};
  Mask mask{.width = image.cols, .height = image.rows, .classes = {}};
  for (int y = 0; y < image.rows; ++y)
    mask.classes.insert(mask.classes.end(), image.ptr<uint8_t>(y), image.ptr<uint8_t>(y) + image.cols);
  return mask;
}

}  // namespace shoehorn::data
