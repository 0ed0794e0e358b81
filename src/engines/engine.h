// An engine runs a model file: ONNX Runtime, OpenVINO. One file an engine, one line in engines.def.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ir/tensor.h"
#include "support/result.h"

namespace shoehorn::engines {

enum class Precision {
  kFp32,
  kBf16,
  kFp16,
  kInt8
};  ///< of the inner operators; inputs and outputs keep their types
std::string_view NameOf(Precision precision);  ///< "fp32", "bf16", "fp16", "int8"
/// Errors: another name (did you mean).
Result<Precision> ParsePrecision(std::string_view name);

struct SessionOptions {
  int threads = 1;
  Precision precision = Precision::kFp32;
  bool profile = false;          ///< per-layer times; never on while latency is measured
  bool engine_defaults = false;  ///< the engine as a newcomer gets it (threads still hold): the yardstick
  /// ONNX Runtime: Quantize/Dequantize pairs round as the file says and operators between them compute in
  /// float, instead of becoming this processor's integer kernels: what a file for another target means.
  bool pairs_as_written = false;
};

struct Port {
  std::string name;
  ir::DataType type = ir::DataType::kUndefined;
  std::vector<int64_t> shape;  ///< -1: dynamic
  bool dynamic_rank = false;   ///< even the number of dimensions is open; `shape` is then empty
};

/// One executed layer after the engine's own fusion.
struct LayerTime {
  std::string name;                  ///< the engine's name for it
  std::string op_type;               ///< e.g. "FusedConv", "QLinearConv", "Convolution"
  std::string precision;             ///< "f32", "bf16", "i8"; empty when the engine does not say
  std::vector<std::string> origins;  ///< node names of the file behind it, when the engine says
  double mean_ms = 0;
  double fast_ms = 0;  ///< of the fastest quarter of runs, where the engine tells runs apart; else the mean
};

class Session {
 public:
  virtual ~Session() = default;
  virtual const std::vector<Port>& inputs() const = 0;
  virtual const std::vector<Port>& outputs() const = 0;
  /// Runs once; inputs in the order of inputs(). Errors: wrong type or shape (named), the engine's own words.
  virtual Result<std::vector<ir::Tensor>> Run(std::span<const ir::Tensor> inputs) = 0;
  /// Binds inputs once; then RunBound() is the engine's bare run, for measuring.
  virtual Status Bind(std::span<const ir::Tensor> inputs) = 0;
  virtual Status RunBound() = 0;
  /// Mean times since loading; only with SessionOptions::profile.
  virtual Result<std::vector<LayerTime>> Layers() = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string name() const = 0;  ///< "onnxruntime", "openvino"
  virtual std::string version() const = 0;
  /// Precisions that the engine runs fast on this processor (bf16 only where the processor has it).
  virtual std::vector<Precision> precisions() const = 0;
  virtual Result<std::unique_ptr<Session>> Load(const std::filesystem::path& model,
                                                const SessionOptions& options) = 0;
  /// Writes the artifact that this engine loads fastest and smallest for `precision` (ONNX for ONNX Runtime,
  /// IR .xml + .bin for OpenVINO, weights compressed to fp16 where the precision allows) into `folder`; gives
  /// its main file.
  virtual Result<std::filesystem::path> WriteArtifact(const std::filesystem::path& onnx, Precision precision,
                                                      const std::filesystem::path& folder) = 0;
};

/// The engine of that name; errors: unknown name (did you mean), its library is missing.
Result<Engine*> FindEngine(std::string_view name);
std::vector<std::string> EngineNames();

}  // namespace shoehorn::engines
