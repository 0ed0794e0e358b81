// What `shoehorn profile` measured of a machine's engines: for each kind of kernel the shapes that were timed
// and how long they took. One JSON file beside the machine's profile, NAME.kernels.json, and what it means is
// here:
//   { "schema": "shoehorn.kernels/3", "machine": "AMD EPYC", "engines": [ { "engine": "onnxruntime",
//   "version": "1.32",
//     "threads": 1, "start_seconds": { "fp32": 4e-06 },
//     "kernels": [ { "kind": "Conv 1x1 f32", "reaches": [2, 1, ...], "samples": [ [features..., operations,
//     bytes, seconds] ] } ] } ] }
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cost/regression.h"
#include "support/result.h"

namespace shoehorn::cost {

struct KernelSamples {
  Reaches reaches;  ///< see KernelRegression
  std::vector<KernelSample> samples;
};

struct EngineKernels {
  std::string engine, version;
  int threads = 1;
  std::map<std::string, double> start_seconds;  ///< of a run, by precision, before and behind its kernels
  std::map<std::string, KernelSamples> kinds;   ///< by Kernel::name()
};

struct KernelTable {
  std::string machine;  ///< the processor, as it names itself
  std::vector<EngineKernels> engines;

  const EngineKernels* Find(std::string_view engine) const;
};

/// "NAME.kernels.json" beside the profile "NAME.toml".
std::filesystem::path KernelTablePath(const std::filesystem::path& profile);

std::string ToJson(const KernelTable& table);
/// `name` is what messages call the text. Errors: no JSON, another schema, a key that is missing or of
/// another type, a sample of the wrong length, a number that is negative.
Result<KernelTable> ParseKernelTable(std::string_view text, const std::filesystem::path& name);
Result<KernelTable> LoadKernelTable(const std::filesystem::path& path);

}  // namespace shoehorn::cost
