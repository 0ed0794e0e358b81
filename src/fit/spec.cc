// Reading a spec: one table of keys a section drives the parsing, "unknown key" with its suggestions, and the
// test that docs/spec.md documents each of them. A new key is one line here and one there.
#include "fit/spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "support/files.h"
#include "support/toml_read.h"

namespace shoehorn::fit {
namespace {

namespace fs = std::filesystem;

using namespace read;  // Text, Duration, Choice and so on

/// A column of a CSV file by its name, or by its number counted from 1 in a file without a header.
Result<std::string> Column(const TomlValue& value) {
  if (value.is_string()) return Text(value);
  SHOEHORN_ASSIGN(const int64_t number, IntegerFrom(value, 1));
  return std::to_string(number);
}

Result<ir::DataType> ElementType(const TomlValue& value) {
  std::vector<std::pair<std::string, ir::DataType>> choices;
  using enum ir::DataType;
  for (const ir::DataType type :
       {kFloat, kFloat16, kDouble, kInt8, kUint8, kInt16, kUint16, kInt32, kUint32, kInt64, kUint64, kBool})
    choices.emplace_back(std::string(ir::NameOf(type)), type);
  return Choice<ir::DataType>(value, choices);
}

const std::vector<Key<data::InputSpec>> kInputKeys = {
    {"name", [](const TomlValue& v, data::InputSpec& t) { return Set(t.name, Text(v)); }},
    {"type", [](const TomlValue& v, data::InputSpec& t) { return Set(t.type, ElementType(v)); }},
    {"shape",
     [](const TomlValue& v, data::InputSpec& t) -> Status {
       SHOEHORN_ASSIGN(const auto dims, v.Array());
       t.shape.clear();
       for (const TomlValue& dim : dims) {
         SHOEHORN_ASSIGN(const int64_t size, IntegerFrom(dim, 1));
         t.shape.push_back(size);
       }
       return Ok();
     }},
    {"layout",
     [](const TomlValue& v, data::InputSpec& t) {
       using enum data::Layout;
       return Set(t.layout, Choice<data::Layout>(v, {{"as_is", kAsIs}, {"nchw", kNchw}, {"nhwc", kNhwc}}));
     }},
    {"color",
     [](const TomlValue& v, data::InputSpec& t) {
       using enum data::Color;
       return Set(t.color, Choice<data::Color>(v, {{"rgb", kRgb}, {"bgr", kBgr}, {"gray", kGray}}));
     }},
    {"resize",
     [](const TomlValue& v, data::InputSpec& t) {
       using enum data::Resize;
       return Set(t.resize, Choice<data::Resize>(v, {{"none", kNone},
                                                     {"stretch", kStretch},
                                                     {"letterbox", kLetterbox},
                                                     {"letterbox_center", kLetterboxCenter},
                                                     {"center_crop", kCenterCrop},
                                                     {"fit_height", kFitHeight}}));
     }},
    {"resize_shorter",
     [](const TomlValue& v, data::InputSpec& t) { return Set(t.resize_shorter, IntFrom(v, 1)); }},
    {"pad", [](const TomlValue& v, data::InputSpec& t) { return Set(t.pad, NumberBetween(v, -1e6, 1e6)); }},
    {"mean",
     [](const TomlValue& v, data::InputSpec& t) {
       return Set(t.mean, List<double>(v, [](const TomlValue& e) { return e.Number(); }));
     }},
    {"scale",
     [](const TomlValue& v, data::InputSpec& t) {
       return Set(t.scale, List<double>(v, [](const TomlValue& e) { return e.Number(); }));
     }},
};

const std::vector<Key<data::SamplesSpec>> kSamplesKeys = {
    {"format",
     [](const TomlValue& v, data::SamplesSpec& t) {
       using enum data::SampleFormat;
       return Set(t.format, Choice<data::SampleFormat>(
                                v, {{"images", kImages}, {"npy", kNpy}, {"npz", kNpz}, {"raw", kRaw}}));
     }},
    {"folder", [](const TomlValue& v, data::SamplesSpec& t) { return Set(t.folder, Path(v)); }},
    {"labels",
     [](const TomlValue& v, data::SamplesSpec& t) {
       using enum data::LabelFormat;
       return Set(t.labels, Choice<data::LabelFormat>(
                                v, {{"none", kNone}, {"csv", kCsv}, {"yolo", kYolo}, {"masks", kMask}}));
     }},
    {"labels_path", [](const TomlValue& v, data::SamplesSpec& t) { return Set(t.labels_path, Path(v)); }},
    {"file_column",
     [](const TomlValue& v, data::SamplesSpec& t) { return Set(t.csv_file_column, Column(v)); }},
    {"label_column",
     [](const TomlValue& v, data::SamplesSpec& t) { return Set(t.csv_label_column, Column(v)); }},
    {"raw_type", [](const TomlValue& v, data::SamplesSpec& t) { return Set(t.raw_type, ElementType(v)); }},
    {"limit", [](const TomlValue& v, data::SamplesSpec& t) { return Set(t.limit, CountFrom(v)); }},
    {"offset", [](const TomlValue& v, data::SamplesSpec& t) { return Set(t.offset, CountFrom(v)); }},
};

const std::vector<Key<Spec>> kMetricKeys = {
    {"name", [](const TomlValue& v, Spec& t) { return Set(t.metric.name, Text(v)); }},
    {"k", [](const TomlValue& v, Spec& t) { return Set(t.metric.k, IntFrom(v, 1)); }},
    {"vocabulary",
     [](const TomlValue& v, Spec& t) -> Status {
       constexpr std::string_view kMetadata = "metadata:";
       if (v.is_array()) return Set(t.metric.vocabulary, List<std::string>(v, Text));
       SHOEHORN_ASSIGN(const std::string text, Text(v));
       if (text.starts_with(kMetadata)) {
         t.vocabulary_key = text.substr(kMetadata.size());
         return Ok();
       }
       SHOEHORN_ASSIGN(const std::string lines, ReadText(t.file.parent_path() / text));
       t.metric.vocabulary = VocabularyOf(lines);
       return Ok();
     }},
    {"blank",
     [](const TomlValue& v, Spec& t) {
       return Set(t.metric.blank, Word(v, {"first", "last"}));
     }},
    {"ignore", [](const TomlValue& v, Spec& t) { return Set(t.metric.ignore, Text(v)); }},
    {"output", [](const TomlValue& v, Spec& t) { return Set(t.metric.output, Text(v)); }},
    {"score_threshold",
     [](const TomlValue& v, Spec& t) { return Set(t.metric.score_threshold, NumberBetween(v, 0, 1)); }},
    {"iou_threshold",
     [](const TomlValue& v, Spec& t) { return Set(t.metric.iou_threshold, NumberBetween(v, 0, 1)); }},
    {"strides",
     [](const TomlValue& v, Spec& t) {
       return Set(t.metric.strides, List<int>(v, [](const TomlValue& e) { return IntFrom(e, 1); }));
     }},
    {"command", [](const TomlValue& v, Spec& t) { return Set(t.metric.command, Text(v)); }},
    {"higher_is_better",
     [](const TomlValue& v, Spec& t) { return Set(t.metric.higher_is_better, v.Boolean()); }},
};

const std::vector<Key<Requirements>> kRequirementKeys = {
    {"accuracy_drop",
     [](const TomlValue& v, Requirements& t) { return Set(t.accuracy_drop_absolute, Fraction(v)); }},
    {"accuracy_drop_relative",
     [](const TomlValue& v, Requirements& t) { return Set(t.accuracy_drop_relative, Fraction(v)); }},
    {"latency_p50",
     [](const TomlValue& v, Requirements& t) { return Set(t.latency_p50_ms, Milliseconds(v)); }},
    {"latency_p90",
     [](const TomlValue& v, Requirements& t) { return Set(t.latency_p90_ms, Milliseconds(v)); }},
    {"latency_p99",
     [](const TomlValue& v, Requirements& t) { return Set(t.latency_p99_ms, Milliseconds(v)); }},
    {"speedup", [](const TomlValue& v, Requirements& t) { return Set(t.speedup, PositiveNumber(v)); }},
    {"peak_memory", [](const TomlValue& v, Requirements& t) { return Set(t.peak_memory_bytes, Bytes(v)); }},
    {"size", [](const TomlValue& v, Requirements& t) { return Set(t.size_bytes, Bytes(v)); }},
    {"size_ratio", [](const TomlValue& v, Requirements& t) { return Set(t.size_ratio, PositiveNumber(v)); }},
    {"load_time", [](const TomlValue& v, Requirements& t) { return Set(t.load_ms, Milliseconds(v)); }},
    {"throughput",
     [](const TomlValue& v, Requirements& t) { return Set(t.throughput_per_s, PositiveNumber(v)); }},
};

Status ReadSamples(const TomlValue& table, data::SamplesSpec& samples) {
  SHOEHORN_TRY(Table(table, kSamplesKeys, samples));
  if (samples.folder.empty())
    return table.Wrong("has no folder", "folder = \"...\", the folder of the samples");
  if (samples.labels != data::LabelFormat::kNone && samples.labels_path.empty())
    return table.Wrong("has labels but no labels_path",
                       "labels_path = \"labels.csv\", or the folder of YOLO text files");
  if (samples.labels == data::LabelFormat::kNone && !samples.labels_path.empty())
    return table.Wrong("has a labels_path but no labels", "labels = \"csv\", \"yolo\" or \"masks\"");
  return Ok();
}

const std::vector<Key<Spec>> kTopKeys = {
    {"model", [](const TomlValue& v, Spec& t) { return Set(t.model, Path(v)); }},
    {"threads",
     [](const TomlValue& v, Spec& t) -> Status {
       SHOEHORN_TRY(Set(t.threads, List<int>(v, [](const TomlValue& e) { return IntFrom(e, 1); })));
       for (const int count : t.threads)
         if (count > 1024) return v.Wrong(fmt::format("{} threads", count), "at most 1024");
       return Ok();
     }},
    {"engines", [](const TomlValue& v, Spec& t) { return Set(t.engines, List<std::string>(v, Text)); }},
    {"precisions",
     [](const TomlValue& v, Spec& t) {
       return Set(t.precisions, List<std::string>(v, [](const TomlValue& e) {
                    return Word(e, {"fp32", "bf16", "fp16", "int8"});
                  }));
     }},
    {"budget", [](const TomlValue& v, Spec& t) { return Set(t.budget_s, Duration(v)); }},
    {"symbols",
     [](const TomlValue& v, Spec& t) -> Status {
       if (!v.is_table()) return v.Wrong("not a table", "a section [symbols]");
       for (const auto& [name, size] : v.Members()) {
         SHOEHORN_ASSIGN(t.symbols[name], IntegerFrom(size, 1));
       }
       return Ok();
     }},
    {"input",
     [](const TomlValue& v, Spec& t) -> Status {
       SHOEHORN_ASSIGN(const auto tables, v.OneOrMore());
       for (const TomlValue& table : tables) {
         data::InputSpec input;
         SHOEHORN_TRY(Table(table, kInputKeys, input));
         if (input.name.empty()) return table.Wrong("has no name", "name = \"...\", an input of the model");
         for (const data::InputSpec& other : t.inputs)
           if (other.name == input.name)
             return table.Wrong(fmt::format("the input '{}' a second time", input.name));
         t.inputs.push_back(std::move(input));
       }
       return Ok();
     }},
    {"calibration", [](const TomlValue& v, Spec& t) { return ReadSamples(v, t.calibration); }},
    {"evaluation", [](const TomlValue& v, Spec& t) { return ReadSamples(v, t.evaluation); }},
    {"metric", [](const TomlValue& v, Spec& t) { return Table(v, kMetricKeys, t); }},
    {"requirements", [](const TomlValue& v, Spec& t) { return Table(v, kRequirementKeys, t.requirements); }},
    {"place", [](const TomlValue& v, Spec& t) { return t.place = v, Ok(); }},
};

void DropRepeats(std::vector<std::string>& names) {
  std::set<std::string> seen;
  std::erase_if(names, [&](const std::string& name) { return !seen.insert(name).second; });
}

/// Evaluation must use samples that calibration never saw; what the folders alone can show is checked here.
Status CheckApart(const Spec& spec) {
  const data::SamplesSpec &a = spec.calibration, &b = spec.evaluation;
  if (a.folder.empty() || a.folder.lexically_normal() != b.folder.lexically_normal() || a.format != b.format)
    return Ok();
  const auto end = [](const data::SamplesSpec& s) {
    return s.limit == 0 ? std::numeric_limits<size_t>::max() : s.offset + s.limit;
  };
  if (end(a) <= b.offset || end(b) <= a.offset) return Ok();
  Diagnostic diagnostic;
  diagnostic.file = spec.file.string();
  diagnostic.place = "calibration and evaluation";
  diagnostic.found =
      "both read the same samples, so the accuracy would be measured on samples that calibration saw";
  diagnostic.expected = "separate folders, or ranges of one folder that do not overlap";
  diagnostic.fix = "set limit in [calibration] and the same number as offset in [evaluation]";
  return diagnostic;
}

}  // namespace

std::vector<std::string> VocabularyOf(std::string_view lines) {
  std::vector<std::string> entries;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    std::string_view entry = lines.substr(0, end);
    if (entry.ends_with('\r')) entry.remove_suffix(1);
    entries.emplace_back(entry);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return entries;
}

Result<Spec> LoadSpec(const fs::path& path) {
  SHOEHORN_ASSIGN(const TomlValue root, LoadToml(path));
  Spec spec;
  spec.file = path;
  spec.metric.name = "cosine";
  SHOEHORN_TRY(Table(root, kTopKeys, spec));
  if (spec.model.empty()) return root.Wrong("has no model", "model = \"file.onnx\"");
  if (spec.evaluation.folder.empty())
    return root.Wrong("has no samples to evaluate on", "a section [evaluation]");
  const fs::path folder = path.parent_path();
  for (fs::path* relative : {&spec.model, &spec.calibration.folder, &spec.calibration.labels_path,
                             &spec.evaluation.folder, &spec.evaluation.labels_path})
    if (!relative->empty() && relative->is_relative()) *relative = folder / *relative;
  std::sort(spec.threads.begin(), spec.threads.end());
  spec.threads.erase(std::unique(spec.threads.begin(), spec.threads.end()), spec.threads.end());
  DropRepeats(spec.engines);
  DropRepeats(spec.precisions);
  if (spec.calibration.folder.empty() &&
      std::find(spec.precisions.begin(), spec.precisions.end(), "int8") != spec.precisions.end())
    return root.Wrong("has no samples to calibrate int8 on", "a section [calibration]",
                      "add it, or leave \"int8\" out of precisions");
  SHOEHORN_TRY(CheckApart(spec));
  if (!spec.requirements.accuracy_drop_absolute && !spec.requirements.accuracy_drop_relative)
    spec.requirements.accuracy_drop_relative = kDefaultRelativeDrop;
  return spec;
}

std::vector<std::string> SpecKeys() {
  std::vector<std::string> keys = Names("", kTopKeys);
  for (auto& section :
       {Names("input", kInputKeys), Names("calibration", kSamplesKeys), Names("evaluation", kSamplesKeys),
        Names("metric", kMetricKeys), Names("requirements", kRequirementKeys)})
    keys.insert(keys.end(), section.begin(), section.end());
  return keys;
}

}  // namespace shoehorn::fit
