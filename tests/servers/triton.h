// A real Triton Inference Server (tools/servers.sh) on free ports, hosting one ONNX model in its Python
// backend.
#pragma once

#include <memory>
#include <string>

#include "support/background.h"

namespace shoehorn::testing {

class Triton {
 public:
  static bool installed();
  /// Serves `model` under `name` on 127.0.0.1, from a repository in `folder`. Null when it did
  /// not come up.
  static std::unique_ptr<Triton> Start(const std::filesystem::path& model, const std::string& name,
                                       const std::filesystem::path& folder);
  /// Serves the repository that is in `folder`.
  static std::unique_ptr<Triton> Serve(const std::filesystem::path& folder);
  int port() const { return port_; }
  Background& program() { return *program_; }

 private:
  std::unique_ptr<Background> program_;
  int port_ = 0;
};

}  // namespace shoehorn::testing
