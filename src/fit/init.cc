#include "fit/init.h"

#include <fmt/format.h>

#include <algorithm>

namespace shoehorn::fit {
namespace {

/// A TOML string: quoted, with what may not stand in one escaped.
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string DimsText(const ir::Type& type) {
  std::vector<std::string> dims;
  for (const ir::Dim& dim : type.dims)
    dims.push_back(dim.known() ? std::to_string(dim.value) : dim.symbol.empty() ? "?" : dim.symbol);
  return fmt::format("[{}]", fmt::join(dims, ", "));
}

/// Whether dimension `i` counts the channels of an image, and in which layout.
const char* LayoutOf(const ir::Type& type) {
  const auto channels = [&](size_t i) { return type.dims[i].value == 1 || type.dims[i].value == 3; };
  if (type.dims.size() != 4) return nullptr;
  if (channels(1)) return "nchw";
  return channels(3) ? "nhwc" : nullptr;
}

/// A size to start with for a dimension that the model leaves open: one sample, and a common size for
/// pictures.
int64_t GuessFor(const ir::Type& type, size_t i, const char* layout) {
  if (type.dims[i].known() && type.dims[i].value > 0) return type.dims[i].value;
  const bool pixels =
      layout != nullptr && i != 0 && (std::string_view(layout) == "nchw" ? i >= 2 : i == 1 || i == 2);
  return pixels ? 224 : 1;
}

std::string InputSection(const ir::Value& input) {
  const ir::Type& type = input.type;
  const char* layout = LayoutOf(type);
  std::string text = fmt::format("\n[[input]]\nname = {}\n", Quoted(input.name()));
  if (type.element != ir::DataType::kFloat && type.element != ir::DataType::kUndefined)
    text += fmt::format("type = {}\n", Quoted(ir::NameOf(type.element)));
  if (type.has_rank) {
    std::vector<std::string> dims;
    bool guessed = false;
    for (size_t i = 0; i < type.dims.size(); ++i) {
      dims.push_back(std::to_string(GuessFor(type, i, layout)));
      guessed |= !type.dims[i].known() || type.dims[i].value < 1;
    }
    text += fmt::format("shape = [{}]", fmt::join(dims, ", "));
    text += guessed
                ? fmt::format("  # the model says {}: check the sizes that it leaves open\n", DimsText(type))
                : "\n";
  } else {
    text += "# shape = [1, 3, 224, 224]  # the model does not say it: every dimension as a number\n";
  }
  if (layout != nullptr) {
    text += fmt::format("layout = \"{}\"\n", layout);
    text += "# color = \"rgb\"        # or bgr, gray: the order that the model was trained on\n";
    text += "resize = \"stretch\"     # or letterbox, letterbox_center, center_crop, fit_height, none\n";
  }
  text +=
      "# mean = 0             # each value becomes (value - mean) * scale; one number, or one for each "
      "channel\n";
  text += "# scale = 1\n";
  return text;
}

}  // namespace

std::string SpecFor(const ir::Model& model, const std::filesystem::path& model_path) {
  bool images = false;
  std::string inputs;
  size_t fed = 0;
  for (const ir::Value* input : model.graph->inputs()) {
    if (input->initializer() != nullptr) continue;
    inputs += InputSection(*input);
    images |= LayoutOf(input->type) != nullptr;
    ++fed;
  }
  const char* format = fed == 1 && images ? "images" : fed == 1 ? "npy" : "npz";
  std::string outputs;
  for (const ir::Value* output : model.graph->outputs())
    outputs +=
        fmt::format("{}{} {}", outputs.empty() ? "" : ", ", Quoted(output->name()), DimsText(output->type));

  std::string text =
      "# What to fit, on which samples, by which metric and to which requirements. Every key is in "
      "docs/spec.md.\n";
  text += fmt::format("model = {}\n", Quoted(model_path.generic_string()));
  text +=
      "threads = 1            # or [1, 2]: thread counts that may be chosen\n"
      "budget = \"10 min\"      # wall time; when it ends, the best so far is the answer\n"
      "# engines = [\"onnxruntime\", \"openvino\"]\n"
      "# precisions = [\"fp32\", \"bf16\", \"int8\"]\n";
  text += inputs;
  text += fmt::format(
      "\n# Samples that int8 ranges are learned on: 100 or so, like those that the device will see.\n"
      "[calibration]\n"
      "format = \"{}\"       # images, npy, npz or raw\n"
      "folder = \"calibration\"\n"
      "\n# Samples that accuracy is measured on; none of them may be used for calibration. 500 give a narrow "
      "interval.\n"
      "[evaluation]\n"
      "format = \"{}\"\n"
      "folder = \"evaluation\"\n"
      "# labels = \"csv\"       # or yolo, masks; without labels the original's outputs are the truth\n"
      "# labels_path = \"evaluation.csv\"\n",
      format, format);
  text += fmt::format(
      "\n[metric]\n"
      "name = \"cosine\"        # with labels: top_k, ctc_exact, ctc_cer, roc_auc, mean_iou, map_yolox, "
      "external\n"
      "# output = ...         # one of {}\n",
      outputs);
  for (const auto& [key, value] : model.metadata)
    if (std::count(value.begin(), value.end(), '\n') > 8)
      text += fmt::format("# vocabulary = {}  # for ctc_exact and ctc_cer\n", Quoted("metadata:" + key));
  text +=
      "\n[requirements]\n"
      "accuracy_drop_relative = \"1 %\"\n"
      "# accuracy_drop = \"1 point\"\n"
      "# speedup = 1.5        # times faster than the original in ONNX Runtime's defaults\n"
      "# latency_p50 = \"12 ms\"\n"
      "# latency_p99 = \"20 ms\"\n"
      "# peak_memory = \"150 MiB\"\n"
      "# size = \"4 MiB\"\n"
      "# size_ratio = 0.5     # of the original file\n"
      "# load_time = \"300 ms\"\n"
      "# throughput = 60      # runs a second\n";
  return text;
}

}  // namespace shoehorn::fit
