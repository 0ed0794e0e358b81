// What hosts the tail: a model repository as Triton Inference Server, KServe and OpenVINO Model Server read
// it, and the manifest that lets a cluster scale it.
//   repository/yolox_nano_tail/config.pbtxt
//   repository/yolox_nano_tail/1/model.onnx
//   kserve.yaml
#pragma once

#include <filesystem>
#include <string>

#include "ir/graph.h"

namespace shoehorn::place {

struct HostOptions {
  std::string name;  ///< of the model on the server
  /// "onnxruntime": Triton's own back end; "python": a script that runs ONNX Runtime in Triton's Python back
  /// end, for servers that have no other.
  std::string backend = "onnxruntime";
  int instances = 1;                          ///< copies of the model on one server
  int threads = 1;                            ///< of each copy
  int least_replicas = 1, most_replicas = 4;  ///< the bounds of scaling in the cluster
};

/// A name that servers take: letters, digits, '_', '-' and '.'; others become '_'.
std::string ServerName(std::string_view name);

/// config.pbtxt of Triton's model configuration. Errors: an input or output whose element type the protocol
/// does not know, a shape that is not a list of numbers (dimension -1 where it is open).
Result<std::string> TritonConfig(const ir::Model& model, const HostOptions& options);

/// An InferenceService of KServe (serving.kserve.io/v1beta1) whose storage is `uri`.
std::string KserveManifest(const HostOptions& options, const std::string& uri);

/// Writes `folder`/NAME/config.pbtxt, NAME/1/model.onnx (and model.py), and `folder`/../kserve.yaml.
Status WriteRepository(const ir::Model& model, const HostOptions& options,
                       const std::filesystem::path& folder);

}  // namespace shoehorn::place
