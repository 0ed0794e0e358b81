// A model file in which every node can be told by its name. A compiler speaks of nodes by name, and a name in
// a file may be missing or stand twice: such a file is judged in a copy with names of its own.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "support/result.h"
#include "support/temporary.h"
#include "targets/judge.h"

namespace shoehorn::targets {

class NamedModel {
 public:
  /// Errors: those of formats::LoadOnnx, and of writing a temporary file where one is needed.
  static Result<NamedModel> Load(const std::filesystem::path& model);

  /// The file to show to the compiler.
  const std::filesystem::path& path() const { return path_; }
  /// The node that the compiler calls `alias`, refused and without words; null when the file has no such node
  /// (the runtime made it). ONNX Runtime's "_token_12", which it adds to nodes that it copies, is seen
  /// through.
  const JudgedNode* Find(const std::string& alias) const;
  /// The node that makes the value `output`, or null.
  const JudgedNode* FindMaker(const std::string& output) const;
  /// Every node in order, inner graphs after their node, Constant nodes left out.
  const std::vector<JudgedNode>& nodes() const { return nodes_; }

 private:
  std::filesystem::path path_;
  std::shared_ptr<TemporaryFolder> folder_;  // of the copy
  std::vector<JudgedNode> nodes_;
  std::unordered_map<std::string, size_t> by_alias_, by_output_;
};

}  // namespace shoehorn::targets
