#include "support/sample_result.h"

#include <cmath>

namespace shoehorn::testing {
namespace {

using fit::Candidate;
using fit::CandidateState;
using fit::FitResult;

Candidate Measured(const char* engine, const char* precision, const char* variant, int threads, double ms,
                   double original_ms, double score, double megabytes) {
  Candidate c;
  c.engine = engine;
  c.precision = precision;
  c.variant = variant;
  c.threads = threads;
  c.id = c.engine + "-" + precision + (*variant ? "-" + std::string(variant) : "") + "-" +
         std::to_string(threads) + "t";
  c.state = CandidateState::kMeasured;
  c.latency = {ms, ms * 1.04, ms * 1.19, ms * 0.991, ms * 1.012, true, 1200};
  const double speedup = original_ms / ms;
  c.speedup = {speedup, speedup * 0.97, speedup * 1.03};
  c.metric.name = "ctc_exact";
  c.metric.score = {score, score - 0.024, std::min(1.0, score + 0.022)};
  c.metric.samples = 400;
  c.metric.difference = {score - 0.93, score - 0.93 - 0.007, score - 0.93 + 0.006};
  c.size_bytes = std::round(megabytes * 1048576);
  c.peak_memory_bytes = std::round((90 + megabytes * 5) * 1048576);
  c.load_ms = 110 + 9 * megabytes;
  return c;
}

Candidate Unmeasured(const char* id, const char* engine, const char* precision, const char* variant,
                     CandidateState state, const char* reason) {
  Candidate c;
  c.id = id;
  c.engine = engine;
  c.precision = precision;
  c.variant = variant;
  c.state = state;
  c.reason = reason;
  return c;
}

}  // namespace

FitResult SampleResult() {
  FitResult r;
  r.version = "0.1.0";
  r.created = "2026-11-24T18:40:00Z";
  r.name = "ch_PP-OCRv4_rec_infer";
  r.met = true;
  r.explanation = "openvino bf16 is the fastest candidate at 1 thread that meets every requirement.";
  r.budget_s = 600;
  r.spec = {"demo/plates.toml", "9f86d081884c7d65", 1432};
  r.model = {"ch_PP-OCRv4_rec_infer.onnx", "3a7bd3e2360a3d29", 10857958};
  r.inputs = {
      {"x", "float32", {1, 3, 48, 192}, "nchw", "bgr", "fit_height", 0, 114, {127.5}, {0.00784313725490196}}};

  Candidate original = Measured("onnxruntime", "fp32", "", 1, 12.3, 12.3, 0.930, 10.355);
  original.id = "original-1t";
  original.original = true;
  original.artifact = "";
  Candidate original2 = Measured("onnxruntime", "fp32", "", 2, 8.1, 8.1, 0.930, 10.355);
  original2.id = "original-2t";
  original2.original = true;
  Candidate chosen = Measured("openvino", "bf16", "", 1, 5.7, 12.3, 0.927, 5.147);
  chosen.meets = true;
  chosen.artifact = "model.xml";
  Candidate chosen2 = Measured("openvino", "bf16", "", 2, 4.2, 8.1, 0.927, 5.147);
  chosen2.meets = true;
  r.candidates = {
      original,
      original2,
      Measured("onnxruntime", "fp32", "", 1, 11.8, 12.3, 0.930, 10.1),
      Measured("openvino", "fp32", "", 1, 9.7, 12.3, 0.930, 10.2),
      chosen,
      chosen2,
      Measured("openvino", "int8", "per channel, unsigned, minmax", 1, 4.3, 12.3, 0.905, 2.9),
      Measured("openvino", "int8", "per channel, unsigned, percentile", 1, 4.35, 12.3, 0.912, 2.9),
      Measured("openvino", "int8", "per channel, unsigned, mse", 1, 4.4, 12.3, 0.916, 2.9),
      Measured("onnxruntime", "int8", "per channel, unsigned, mse", 1, 8.9, 12.3, 0.871, 3.0),
      Unmeasured("onnxruntime-int8-pertensor-1t", "onnxruntime", "int8", "per tensor, unsigned, minmax",
                 CandidateState::kPruned, "ctc_exact 0.000 on the first 64 samples, the spec asks for 0.920"),
      Unmeasured("onnxruntime-int8-s8-1t", "onnxruntime", "int8", "per channel, signed, minmax",
                 CandidateState::kFailed, "the worker was ended by signal 11 while it loaded the model"),
      Unmeasured("openvino-int8-entropy-2t", "openvino", "int8", "per channel, unsigned, entropy",
                 CandidateState::kSkipped, "the budget of 600 s ended before its turn"),
  };
  r.candidates[10].latency.p50 = 9.1;
  r.requirements = {
      {"accuracy_drop", "", false, 0.01, {0.003, -0.006, 0.0085}, true, 0.97},
      {"speedup", "x", true, 1.8, {2.16, 2.10, 2.22}, true, 1},
      {"size_ratio", "x", false, 0.5, fit::Exactly(0.497), true, 1},
      {"peak_memory", "bytes", false, 200.0 * 1048576, fit::Exactly(chosen.peak_memory_bytes), true, 1},
  };

  r.original = "original-1t";
  r.chosen = chosen.id;
  r.budget_exhausted = true;

  r.nodes_before = 860;
  r.nodes_after = 302;
  r.rewrites = {
      {"pin_shapes", "x", "input [?,3,48,?] pinned to [1,3,48,192] by the spec"},
      {"fold_constants", "Shape.0", "its inputs are known once the shape is pinned"},
      {"fold_constants", "Slice.3", "its inputs are known once the shape is pinned"},
      {"fold_batch_norm", "BatchNormalization.7", "scale and shift moved into the weights of Conv.7"},
      {"fold_batch_norm", "BatchNormalization.9", "scale and shift moved into the weights of Conv.9"},
      {"fuse_layer_norm", "ReduceMean.2", "nine operators are one LayerNormalization"},
      {"eliminate_dead", kHostileName, "Identity changes nothing"},
  };

  const char* const types[] = {"Convolution", "Convolution", "Multiply", "MatMul", "MVN", "Softmax"};
  for (int i = 0; i < 96; ++i) {
    fit::LayerResult layer;
    const int kind = (i * 7) % 6;
    layer.name = std::string(kind < 2 ? "Conv." : kind == 3 ? "MatMul." : "p2o.Op.") + std::to_string(i);
    layer.type = types[kind];
    layer.precision = kind < 2 || kind == 3 ? "bf16" : "f32";
    layer.origins = {layer.name};
    if (kind < 2) layer.origins.push_back("HardSwish." + std::to_string(i));
    layer.time_ms = 0.012 + 0.4 / (1 + i % 23) * (kind < 2 ? 1.0 : kind == 3 ? 0.6 : 0.1);
    r.layers.push_back(layer);
  }
  r.layers[40].name = kHostileName;

  r.steps = {
      {"import", 0.06}, {"simplify", 0.21}, {"calibrate", 9.4}, {"quantize", 3.1}, {"candidates", 171.5}};
  r.warnings = {
      "the frequency governor cannot be read: the machine may change its clock while it is measured"};
  r.machine = {"AMD EPYC",
               "x86_64",
               2,
               {"avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni"},
               8000000000,
               "Debian GNU/Linux 12 (bookworm)",
               "6.1.0-18-amd64",
               "",
               {{"onnxruntime", "1.32.0"}, {"openvino", "2026.4.1-22982-e213a147257"}}};
  return r;
}

}  // namespace shoehorn::testing
