#include "data/arrays.h"

#include <fmt/format.h>

#include "support/files.h"

namespace shoehorn::data {
namespace {

bool IsIdentity(const InputSpec& input) {
  return std::ranges::all_of(input.mean, [](double mean) { return mean == 0; }) &&
         std::ranges::all_of(input.scale, [](double scale) { return scale == 1; });
}

/// Axis of the channels, -1 when the layout does not say.
int ChannelAxis(const InputSpec& input) {
  switch (input.layout) {
    case Layout::kAsIs:
      return -1;
    case Layout::kNchw:
      return input.shape.size() > 1 ? 1 : -1;
    case Layout::kNhwc:
      return static_cast<int>(input.shape.size()) - 1;
  }
  return -1;
}

std::span<const int64_t> WithoutLeadingOnes(const ir::Shape& shape) {
  std::span<const int64_t> dims(shape);
  while (!dims.empty() && dims[0] == 1) dims = dims.subspan(1);
  return dims;
}

std::string ShapeText(ir::DataType type, const ir::Shape& shape) {
  return fmt::format("{} [{}]", ir::NameOf(type), fmt::join(shape, ", "));
}

}  // namespace

Status CheckNormalization(const InputSpec& input) {
  for (const auto& [values, key] : {std::pair(&input.mean, "mean"), std::pair(&input.scale, "scale")}) {
    if (values->size() == 1) continue;
    const int axis = ChannelAxis(input);
    if (!values->empty() && axis >= 0 &&
        input.shape[static_cast<size_t>(axis)] == static_cast<int64_t>(values->size()))
      continue;
    return Diagnostic{.place = fmt::format("input '{}'", input.name),
                      .found = fmt::format("{} values of {}", values->size(), key),
                      .expected = axis >= 0
                                      ? fmt::format("one, or one for each of the {} channels",
                                                    input.shape[static_cast<size_t>(axis)])
                                      : "one value, since the layout does not say where the channels are",
                      .fix = axis >= 0 ? "" : "set layout to \"nchw\" or \"nhwc\""};
  }
  return Ok();
}

Result<ir::Tensor> FitArray(const InputSpec& input, const ir::Tensor& values, bool convert,
                            const std::string& file) {
  if (!std::ranges::equal(WithoutLeadingOnes(values.dims()), WithoutLeadingOnes(input.shape)))
    return Diagnostic{
        .file = file,
        .found = ShapeText(values.type(), values.dims()),
        .expected = fmt::format("{}, as input '{}'", ShapeText(input.type, input.shape), input.name)};
  const bool identity = IsIdentity(input);
  if (values.type() == input.type && identity) return values.Reshaped(input.shape);
  if (identity && !convert)
    return Diagnostic{
        .file = file,
        .found = ShapeText(values.type(), values.dims()),
        .expected = fmt::format("{}, as input '{}'", ShapeText(input.type, input.shape), input.name),
        .fix = fmt::format("save the array as {}, or set mean and scale to have it converted",
                           ir::NameOf(input.type))};
  auto numbers = values.ToDoubles();
  SHOEHORN_CHECK(numbers.has_value(), "an array that is not of numbers");
  if (!identity) {
    const int axis = ChannelAxis(input);
    size_t inner = 1, channels = 1;
    if (axis >= 0) {
      channels = static_cast<size_t>(input.shape[static_cast<size_t>(axis)]);
      for (size_t d = static_cast<size_t>(axis) + 1; d < input.shape.size(); ++d)
        inner *= static_cast<size_t>(input.shape[d]);
    }
    for (size_t i = 0; i < numbers->size(); ++i) {
      const size_t channel = i / inner % channels;
      (*numbers)[i] = ((*numbers)[i] - input.mean[input.mean.size() > 1 ? channel : 0]) *
                      input.scale[input.scale.size() > 1 ? channel : 0];
    }
  }
  return ir::Tensor::FromDoubles(input.type, input.shape, *numbers);
}

Result<ir::Tensor> ReadRaw(const std::filesystem::path& path, const InputSpec& input, ir::DataType type) {
  SHOEHORN_ASSIGN(const auto file, MappedFile::Open(path));
  const auto wanted =
      static_cast<uint64_t>(ir::ElementCount(input.shape)) * static_cast<uint64_t>(ir::BitsOf(type) / 8);
  if (file->bytes().size() != wanted)
    return Diagnostic{.file = path.string(),
                      .found = fmt::format("{} bytes", file->bytes().size()),
                      .expected = fmt::format("{} bytes for {}, the shape of input '{}'", wanted,
                                              ShapeText(type, input.shape), input.name)};
  return FitArray(input, ir::Tensor::OfBytes(type, input.shape, file->bytes()), true, path.string());
}

}  // namespace shoehorn::data
