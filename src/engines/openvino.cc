// OpenVINO on the CPU. Runs its own IR (.xml + .bin) or an ONNX file. Left alone it computes in bf16 wherever
// the processor can, so the precision is always asked for by name; int8 is a matter of the file
// (QuantizeLinear/DequantizeLinear pairs, which it turns into integer kernels), with everything else in f32.
#include <cpuid.h>

#include <algorithm>
#include <openvino/openvino.hpp>
#include <sstream>

#include "engines/engine.h"
#include "engines/ports.h"
#include "formats/onnx.h"

namespace shoehorn::engines {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDevice = "CPU";
constexpr const char* kPortsKey =
    "shoehorn";  // in the IR: the names of inputs and outputs in the model's order

struct TypePair {
  ir::DataType ours;
  ov::element::Type_t theirs;
};
constexpr TypePair kTypes[] = {
    {ir::DataType::kFloat, ov::element::f32},         {ir::DataType::kDouble, ov::element::f64},
    {ir::DataType::kFloat16, ov::element::f16},       {ir::DataType::kBfloat16, ov::element::bf16},
    {ir::DataType::kInt8, ov::element::i8},           {ir::DataType::kUint8, ov::element::u8},
    {ir::DataType::kInt16, ov::element::i16},         {ir::DataType::kUint16, ov::element::u16},
    {ir::DataType::kInt32, ov::element::i32},         {ir::DataType::kUint32, ov::element::u32},
    {ir::DataType::kInt64, ov::element::i64},         {ir::DataType::kUint64, ov::element::u64},
    {ir::DataType::kBool, ov::element::boolean},      {ir::DataType::kInt4, ov::element::i4},
    {ir::DataType::kUint4, ov::element::u4},          {ir::DataType::kFloat8E4M3FN, ov::element::f8e4m3},
    {ir::DataType::kFloat8E5M2, ov::element::f8e5m2}, {ir::DataType::kFloat8E8M0, ov::element::f8e8m0},
    {ir::DataType::kFloat4E2M1, ov::element::f4e2m1},
};

ir::DataType FromOpenvino(ov::element::Type type) {
  for (const TypePair& pair : kTypes)
    if (type == pair.theirs) return pair.ours;
  return ir::DataType::kUndefined;
}

ov::element::Type ToOpenvino(ir::DataType type) {
  for (const TypePair& pair : kTypes)
    if (type == pair.ours) return pair.theirs;
  return ov::element::dynamic;
}

// OpenVINO's messages lead with its own source lines; what a user can read starts after the last of them.
Diagnostic Error(const std::string& doing, const fs::path& model, const char* what) {
  std::string words;
  std::istringstream lines(what);
  for (std::string line; std::getline(lines, line);) {
    const bool source_line =
        line.starts_with("Exception from ") || line.starts_with("Check '") || line.empty();
    if (!source_line) words += (words.empty() ? "" : "; ") + line;
  }
  Diagnostic diagnostic;
  diagnostic.file = model.string();
  diagnostic.found = "OpenVINO " + doing + ": " + (words.empty() ? what : words);
  return diagnostic;
}

// bf16 arithmetic: AVX512_BF16 (leaf 7, subleaf 1, EAX bit 5) or AMX-BF16 (leaf 7, EDX bit 22).
bool ProcessorHasBf16() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a >> 5 & 1) != 0) return true;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d >> 22 & 1) != 0;
}

// Of the names that a port carries the one that the user's file gave: `wanted` where that is known, else the
// first.
std::string NameOfPort(const ov::Output<const ov::Node>& port, const std::string& wanted) {
  const auto& names = port.get_names();
  if (names.contains(wanted) || names.empty())
    return names.empty() ? port.get_node()->get_friendly_name() : wanted;
  return *std::ranges::min_element(names);
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : "\n") + name;
  return text;
}

// OpenVINO merges names when it drops an Identity and the like, and forgets which was the file's: noted
// beside the model.
Result<std::shared_ptr<ov::Model>> ReadOnnx(ov::Core& core, const fs::path& onnx) {
  SHOEHORN_ASSIGN(const auto source, formats::LoadOnnx(onnx, {.inline_functions = false, .check = false}));
  std::vector<std::string> inputs, outputs;
  for (const ir::Value* value : source->graph->inputs())
    if (value->initializer() == nullptr) inputs.push_back(value->name());
  for (const ir::Value* value : source->graph->outputs()) outputs.push_back(value->name());
  std::shared_ptr<ov::Model> model = core.read_model(onnx);
  model->set_rt_info(Joined(inputs), kPortsKey, "inputs");
  model->set_rt_info(Joined(outputs), kPortsKey, "outputs");
  return model;
}

std::vector<std::string> NamesInFile(const ov::Model& model, const char* side) {
  std::vector<std::string> names;
  if (!model.has_rt_info(kPortsKey, side)) return names;
  std::istringstream lines(model.get_rt_info<std::string>(kPortsKey, side));
  for (std::string line; std::getline(lines, line);) names.push_back(line);
  return names;
}

std::vector<Port> PortsOf(const std::vector<ov::Output<const ov::Node>>& outputs,
                          std::vector<std::string> names) {
  names.resize(outputs.size());
  std::vector<Port> ports;
  for (size_t i = 0; i < outputs.size(); ++i) {
    Port port;
    port.name = NameOfPort(outputs[i], names[i]);
    port.type = FromOpenvino(outputs[i].get_element_type());
    const ov::PartialShape& shape = outputs[i].get_partial_shape();
    port.dynamic_rank = shape.rank().is_dynamic();
    if (!port.dynamic_rank)
      for (const ov::Dimension& dim : shape) port.shape.push_back(dim.is_static() ? dim.get_length() : -1);
    ports.push_back(std::move(port));
  }
  return ports;
}

class OpenvinoSession : public Session {
 public:
  OpenvinoSession(const ov::Model& model, ov::CompiledModel compiled, fs::path path, bool profile)
      : compiled_(std::move(compiled)),
        request_(compiled_.create_infer_request()),
        path_(std::move(path)),
        profile_(profile) {
    inputs_ = PortsOf(compiled_.inputs(), NamesInFile(model, "inputs"));
    outputs_ = PortsOf(compiled_.outputs(), NamesInFile(model, "outputs"));
  }

  const std::vector<Port>& inputs() const override { return inputs_; }
  const std::vector<Port>& outputs() const override { return outputs_; }

  Result<std::vector<ir::Tensor>> Run(std::span<const ir::Tensor> inputs) override {
    SHOEHORN_TRY(Bind(inputs));
    SHOEHORN_TRY(RunBound());
    std::vector<ir::Tensor> outputs;
    for (size_t i = 0; i < outputs_.size(); ++i) {
      const ov::Tensor tensor = request_.get_output_tensor(i);
      const ov::Shape& shape = tensor.get_shape();
      const auto* data = tensor.get_size() == 0 ? nullptr : static_cast<const std::byte*>(tensor.data());
      outputs.push_back(ir::Tensor::OfBytes(FromOpenvino(tensor.get_element_type()),
                                            ir::Shape(shape.begin(), shape.end()),
                                            {data, tensor.get_byte_size()}));
    }
    return outputs;
  }

  Status Bind(std::span<const ir::Tensor> inputs) override {
    SHOEHORN_TRY(CheckInputs(inputs_, inputs));
    bound_.assign(inputs.begin(), inputs.end());
    try {
      for (size_t i = 0; i < bound_.size(); ++i) {
        const ov::Shape shape(bound_[i].dims().begin(), bound_[i].dims().end());
        // A view: OpenVINO does not write its inputs.
        auto* data = const_cast<std::byte*>(bound_[i].bytes().data());
        request_.set_input_tensor(i, ov::Tensor(ToOpenvino(bound_[i].type()), shape, data));
      }
      return Ok();
    } catch (const std::exception& error) {
      return Error("does not take the inputs", path_, error.what());
    }
  }

  Status RunBound() override {
    try {
      request_.infer();
      if (profile_) AddTimes();
      return Ok();
    } catch (const std::exception& error) {
      return Error("cannot run the model", path_, error.what());
    }
  }

  Result<std::vector<LayerTime>> Layers() override {
    SHOEHORN_CHECK(profile_, "layer times of a session that does not profile");
    std::unordered_map<std::string, const ov::Node*> nodes;
    const std::shared_ptr<const ov::Model> graph = compiled_.get_runtime_model();
    for (const auto& node : graph->get_ordered_ops()) nodes[node->get_friendly_name()] = node.get();
    std::vector<LayerTime> layers = layers_;
    for (LayerTime& layer : layers) {
      const auto node = nodes.find(layer.name);
      if (node == nodes.end()) continue;
      layer.precision = Fact(*node->second, "runtimePrecision");
      std::istringstream origins(Fact(*node->second, "originalLayersNames"));
      for (std::string origin; std::getline(origins, origin, ',');) layer.origins.push_back(origin);
    }
    return layers;
  }

 private:
  static std::string Fact(const ov::Node& node, const char* key) {
    const auto at = node.get_rt_info().find(key);
    return at == node.get_rt_info().end() ? "" : at->second.as<std::string>();
  }

  // OpenVINO tells the mean of all runs so far. The first run also makes kernels and lays weights out: its
  // time is taken out of the sum again.
  void AddTimes() {
    ++runs_;
    for (const ov::ProfilingInfo& info : request_.get_profiling_info()) {
      if (info.status != ov::ProfilingInfo::Status::EXECUTED) continue;
      const auto [at, added] = index_.emplace(info.node_name, layers_.size());
      const double mean_ms = static_cast<double>(info.real_time.count()) / 1000;
      if (added) {
        layers_.push_back({info.node_name, info.node_type, "", {}, mean_ms, mean_ms});
        first_ms_.push_back(mean_ms);
      } else {
        const double runs = static_cast<double>(runs_);
        LayerTime& layer = layers_[at->second];
        layer.mean_ms = std::max(0.0, (mean_ms * runs - first_ms_[at->second]) / (runs - 1));
        layer.fast_ms = layer.mean_ms;
      }
    }
  }

  ov::CompiledModel compiled_;
  ov::InferRequest request_;
  fs::path path_;
  bool profile_;
  std::vector<Port> inputs_, outputs_;
  std::vector<ir::Tensor> bound_;
  size_t runs_ = 0;
  std::vector<LayerTime> layers_;
  std::vector<double> first_ms_;  // of each layer in the first run
  std::unordered_map<std::string, size_t> index_;
};

class OpenvinoEngine : public Engine {
 public:
  std::string name() const override { return "openvino"; }
  std::string version() const override { return ov::get_openvino_version().buildNumber; }

  std::vector<Precision> precisions() const override {
    if (ProcessorHasBf16()) return {Precision::kFp32, Precision::kBf16, Precision::kInt8};
    return {Precision::kFp32, Precision::kInt8};
  }

  Result<std::unique_ptr<Session>> Load(const fs::path& path, const SessionOptions& wanted) override {
    SHOEHORN_TRY(CheckPrecision(wanted.precision));
    try {
      ov::AnyMap properties{ov::inference_num_threads(wanted.threads), ov::num_streams(1),
                            ov::hint::inference_precision(
                                wanted.precision == Precision::kBf16 ? ov::element::bf16 : ov::element::f32),
                            ov::enable_profiling(wanted.profile)};
      std::shared_ptr<ov::Model> model;
      if (path.extension() == ".onnx") {
        SHOEHORN_ASSIGN(model, ReadOnnx(core_, path));
      } else {
        model = core_.read_model(path);
      }
      return std::unique_ptr<Session>(std::make_unique<OpenvinoSession>(
          *model, core_.compile_model(model, kDevice, properties), path, wanted.profile));
    } catch (const std::exception& error) {
      return Error("cannot load the model", path, error.what());
    }
  }

  Result<fs::path> WriteArtifact(const fs::path& onnx, Precision precision, const fs::path& folder) override {
    SHOEHORN_TRY(CheckPrecision(precision));
    const fs::path artifact = folder / "model.xml";
    try {
      SHOEHORN_ASSIGN(const std::shared_ptr<ov::Model> model, ReadOnnx(core_, onnx));
      const bool halve_weights = precision == Precision::kBf16 || precision == Precision::kFp16;
      ov::save_model(model, artifact, halve_weights);
      return artifact;
    } catch (const std::exception& error) {
      return Error("cannot convert the model", onnx, error.what());
    }
  }

 private:
  Status CheckPrecision(Precision wanted) const {
    const bool known = std::ranges::count(precisions(), wanted) > 0 || wanted == Precision::kFp16;
    if (known) return Ok();
    Diagnostic diagnostic;
    diagnostic.found =
        "OpenVINO does not compute fast in " + std::string(NameOf(wanted)) + " on this processor";
    diagnostic.expected = "fp32 or int8; bf16 needs AVX512_BF16 or AMX";
    return diagnostic;
  }

  ov::Core core_;
};

}  // namespace

Result<Engine*> Openvino() {
  try {
    static auto* const engine =
        new OpenvinoEngine;  // never destroyed: its plug-ins go in an order of their own
    return static_cast<Engine*>(engine);
  } catch (const std::exception& error) {
    return Error("does not start", {}, error.what());
  }
}

}  // namespace shoehorn::engines
