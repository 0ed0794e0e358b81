#include "data/ctc.h"

#include <fmt/format.h>

#include "data/characters.h"
#include "data/metric_support.h"

namespace shoehorn::data {

Result<CtcDecoder> CtcDecoder::Make(const MetricSpec& spec, size_t output) {
  if (spec.vocabulary.empty())
    return Diagnostic{.place = "metric.vocabulary",
                      .found = "no vocabulary",
                      .expected = "the characters in the order of the model's classes, without the blank"};
  if (spec.blank != "first" && spec.blank != "last")
    return Diagnostic{.place = "metric.blank",
                      .found = fmt::format("'{}'", spec.blank),
                      .expected = "\"first\" or \"last\""};
  CtcDecoder decoder;
  decoder.vocabulary_ = spec.vocabulary;
  decoder.ignored_ = Characters(spec.ignore);
  decoder.blank_first_ = spec.blank == "first";
  decoder.output_ = output;
  return decoder;
}

std::vector<std::string> CtcDecoder::Counting(std::string_view text) const {
  std::vector<std::string> characters = Characters(text);
  std::erase_if(characters,
                [&](const std::string& c) { return std::ranges::find(ignored_, c) != ignored_.end(); });
  return characters;
}

Result<std::vector<std::string>> CtcDecoder::Wanted(std::string_view metric, const Sample& sample) const {
  if (!sample.label.present)
    return SampleError(metric, sample, "no label", "the text", "set labels in the spec");
  return Counting(sample.label.text);
}

Result<std::vector<std::string>> CtcDecoder::Decode(std::string_view metric, const Sample& sample,
                                                    std::span<const ir::Tensor> outputs) const {
  SHOEHORN_ASSIGN(const auto scores, OutputNumbers(metric, sample, outputs, output_));
  std::vector<int64_t> dims = outputs[output_].dims();
  if (dims.size() == 3 && dims[0] == 1) dims.erase(dims.begin());
  const auto fits = [&](int64_t count) {
    const auto listed = static_cast<int64_t>(vocabulary_.size());
    return count == listed + 1 || count == listed + 2;
  };
  if (dims.size() != 2 || (!fits(dims[0]) && !fits(dims[1])))
    return SampleError(
        metric, sample, fmt::format("an output of {}", ShapeText(outputs[output_])),
        fmt::format("[1, steps, {0}] or [1, {0}, steps]: {1} characters of the vocabulary and the blank",
                    vocabulary_.size() + 1, vocabulary_.size()),
        "check metric.output and metric.vocabulary");
  const bool classes_last = fits(dims[1]);
  const auto classes = static_cast<size_t>(classes_last ? dims[1] : dims[0]);
  const auto steps = static_cast<size_t>(classes_last ? dims[0] : dims[1]);
  const size_t step_stride = classes_last ? classes : 1, class_stride = classes_last ? 1 : steps;

  const size_t blank = blank_first_ ? 0 : classes - 1;
  std::string text;
  size_t before = blank;
  for (size_t t = 0; t < steps; ++t) {
    size_t best = 0;
    for (size_t c = 1; c < classes; ++c)
      if (scores[t * step_stride + c * class_stride] > scores[t * step_stride + best * class_stride])
        best = c;
    if (best != blank && best != before) {
      const size_t entry = blank_first_ ? best - 1 : best;
      text += entry < vocabulary_.size() ? vocabulary_[entry] : " ";
    }
    before = best;
  }
  return Counting(text);
}

}  // namespace shoehorn::data
