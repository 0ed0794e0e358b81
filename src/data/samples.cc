#include "data/samples.h"

#include <fmt/format.h>

#include <cctype>
#include <system_error>

#include "data/arrays.h"
#include "data/images.h"
#include "data/labels.h"
#include "data/npy.h"

namespace shoehorn::data {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string>& ExtensionsOf(SampleFormat format) {
  static const std::vector<std::string> images = {".jpg", ".jpeg", ".png", ".bmp", ".webp",
                                                  ".tif", ".tiff", ".ppm", ".pgm"};
  static const std::vector<std::string> npy = {".npy"}, npz = {".npz"}, raw = {".bin", ".raw"};
  switch (format) {
    case SampleFormat::kImages:
      return images;
    case SampleFormat::kNpy:
      return npy;
    case SampleFormat::kNpz:
      return npz;
    case SampleFormat::kRaw:
      return raw;
  }
  SHOEHORN_CHECK(false, "a sample format without extensions");
}

/// Paths relative to the folder, sorted. Hidden files and folders are passed over.
Result<std::vector<std::string>> ListSamples(const SamplesSpec& spec) {
  const auto& extensions = ExtensionsOf(spec.format);
  std::vector<std::string> ids;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(spec.folder, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it->path().filename().string().starts_with('.')) {
      it.disable_recursion_pending();
      continue;
    }
    std::string extension = it->path().extension().string();
    std::ranges::transform(extension, extension.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::error_code ignored;
    if (std::ranges::find(extensions, extension) != extensions.end() && it->is_regular_file(ignored))
      ids.push_back(it->path().lexically_relative(spec.folder).generic_string());
  }
  if (error)
    return Diagnostic{.file = spec.folder.string(),
                      .found = "cannot list the folder: " + error.message(),
                      .fix = "check the path of the samples"};
  if (ids.empty())
    return Diagnostic{.file = spec.folder.string(),
                      .found = "no samples",
                      .expected = fmt::format("files that end in {}", fmt::join(extensions, ", "))};
  std::ranges::sort(ids);
  return ids;
}

class FileSamples : public SampleSet {
 public:
  FileSamples(SamplesSpec spec, std::vector<InputSpec> inputs, std::vector<std::string> ids,
              std::vector<Label> labels)
      : spec_(std::move(spec)),
        inputs_(std::move(inputs)),
        ids_(std::move(ids)),
        labels_(std::move(labels)) {}

  size_t size() const override { return ids_.size(); }

  Result<Sample> Load(size_t i) const override {
    SHOEHORN_CHECK(i < ids_.size(), "a sample past the end");
    Sample sample;
    sample.id = ids_[i];
    sample.label = labels_[i];
    const fs::path path = spec_.folder / ids_[i];
    switch (spec_.format) {
      case SampleFormat::kImages:
        SHOEHORN_TRY(LoadImage(path, inputs_[0], sample));
        break;
      case SampleFormat::kNpy: {
        SHOEHORN_ASSIGN(const ir::Tensor values, ReadNpy(path));
        SHOEHORN_ASSIGN(ir::Tensor fitted, FitArray(inputs_[0], values, false, path.string()));
        sample.inputs.push_back(std::move(fitted));
        break;
      }
      case SampleFormat::kRaw: {
        SHOEHORN_ASSIGN(ir::Tensor values, ReadRaw(path, inputs_[0], spec_.raw_type));
        sample.inputs.push_back(std::move(values));
        break;
      }
      case SampleFormat::kNpz:
        SHOEHORN_TRY(LoadNpz(path, sample));
        break;
    }
    for (Box& box : sample.label.boxes) {
      box.x1 *= sample.original_width;
      box.x2 *= sample.original_width;
      box.y1 *= sample.original_height;
      box.y2 *= sample.original_height;
    }
    return sample;
  }

 private:
  Status LoadNpz(const fs::path& path, Sample& sample) const {
    SHOEHORN_ASSIGN(const auto arrays, ReadNpz(path));
    for (const InputSpec& input : inputs_) {
      auto found = arrays.find(input.name);
      if (found == arrays.end() && arrays.size() == 1 && inputs_.size() == 1) found = arrays.begin();
      if (found == arrays.end()) {
        std::vector<std::string> names;
        for (const auto& [name, values] : arrays) names.push_back(name);
        return Diagnostic{
            .file = path.string(),
            .found = fmt::format("no array '{}'; it holds {}", input.name, fmt::join(names, ", ")),
            .expected = "one array for each input of the model, by its name"};
      }
      SHOEHORN_ASSIGN(ir::Tensor fitted,
                      FitArray(input, found->second, false, path.string() + "/" + found->first + ".npy"));
      sample.inputs.push_back(std::move(fitted));
    }
    return Ok();
  }

  SamplesSpec spec_;
  std::vector<InputSpec> inputs_;
  std::vector<std::string> ids_;
  std::vector<Label> labels_;
};

Status CheckInputs(const SamplesSpec& spec, const std::vector<InputSpec>& inputs) {
  if (inputs.empty() || (inputs.size() > 1 && spec.format != SampleFormat::kNpz))
    return Diagnostic{
        .file = spec.folder.string(),
        .found = fmt::format("samples for a model of {} inputs", inputs.size()),
        .expected = "one input for images, .npy and raw files",
        .fix = inputs.empty() ? "" : "give .npz files with one array for each input, by its name"};
  for (const InputSpec& input : inputs) {
    for (const int64_t dim : input.shape)
      if (dim < 1)
        return Diagnostic{.place = fmt::format("input '{}'", input.name),
                          .found = fmt::format("shape [{}]", fmt::join(input.shape, ", ")),
                          .expected = "every dimension pinned to a size",
                          .fix = "set shape in the spec"};
    if (spec.format == SampleFormat::kImages) {
      SHOEHORN_ASSIGN(const ImageAxes axes, AxesOf(input));
      InputSpec known = input;
      known.layout = axes.channels_last ? Layout::kNhwc : Layout::kNchw;
      if (known.shape.size() == 3) known.shape.insert(known.shape.begin(), 1);
      SHOEHORN_TRY(CheckNormalization(known));
    } else {
      SHOEHORN_TRY(CheckNormalization(input));
    }
  }
  if (spec.labels == LabelFormat::kYolo && spec.format != SampleFormat::kImages)
    return Diagnostic{.file = spec.labels_path.string(),
                      .found = "YOLO labels for samples that are no images",
                      .expected = "images, whose size turns the relative boxes into pixels"};
  return Ok();
}

}  // namespace

Result<std::unique_ptr<SampleSet>> OpenSamples(const SamplesSpec& spec,
                                               const std::vector<InputSpec>& inputs) {
  SHOEHORN_TRY(CheckInputs(spec, inputs));
  SHOEHORN_ASSIGN(std::vector<std::string> ids, ListSamples(spec));
  SHOEHORN_ASSIGN(std::vector<Label> labels, ReadLabels(spec, ids));
  if (spec.offset >= ids.size())
    return Diagnostic{
        .file = spec.folder.string(),
        .found = fmt::format("{} samples, all of them before offset {}", ids.size(), spec.offset),
        .expected = "an offset that leaves some"};
  const size_t count = std::min(spec.limit == 0 ? ids.size() : spec.limit, ids.size() - spec.offset);
  const auto keep = [&](auto& all) {
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(spec.offset));
    all.resize(count);
  };
  keep(ids);
  keep(labels);
  return std::unique_ptr<SampleSet>(
      std::make_unique<FileSamples>(spec, inputs, std::move(ids), std::move(labels)));
}

}  // namespace shoehorn::data
