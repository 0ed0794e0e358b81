#include "targets/judges/named_model.h"

#include "formats/onnx.h"

namespace shoehorn::targets {
namespace {

void ForEachNode(ir::Graph& graph, const std::function<void(ir::Node&)>& visit) {
  for (ir::Node& node : graph.nodes()) {
    visit(node);
    for (ir::Graph* inner : node.Subgraphs()) ForEachNode(*inner, visit);
  }
}

// "Conv_3_token_12" as "Conv_3"; anything else as it is.
std::string WithoutToken(const std::string& name) {
  const size_t end = name.find_last_not_of("0123456789");
  constexpr std::string_view kToken = "_token_";
  if (end == std::string::npos || end + 1 == name.size() || end + 1 < kToken.size()) return name;
  const size_t start = end + 1 - kToken.size();
  return name.compare(start, kToken.size(), kToken) == 0 ? name.substr(0, start) : name;
}

}  // namespace

Result<NamedModel> NamedModel::Load(const std::filesystem::path& path) {
  SHOEHORN_ASSIGN(const auto model, formats::LoadOnnx(path, {.inline_functions = false, .check = false}));
  NamedModel named;
  named.path_ = path;
  bool renamed = false;
  std::unordered_map<std::string, int> bearers;
  ForEachNode(*model->graph, [&](ir::Node& node) { ++bearers[node.name]; });
  ForEachNode(*model->graph, [&](ir::Node& node) {
    if (node.Is("Constant")) return;
    JudgedNode judged;
    judged.name = node.name;
    for (size_t i = 0; judged.name.empty() && i < node.outputs().size(); ++i)
      if (node.output(i) != nullptr) judged.name = node.output(i)->name();
    judged.op_type = node.op_type;
    if (node.name.empty() || bearers[node.name] > 1) {
      node.name = judged.name;
      // The number makes it the only one: outputs of sibling graphs may share a name, too.
      while (++bearers[node.name] > 1) node.name = judged.name + "#" + std::to_string(named.nodes_.size());
      renamed = true;
    }
    for (const ir::Value* output : node.outputs())
      if (output != nullptr) named.by_output_.emplace(output->name(), named.nodes_.size());
    named.by_alias_.emplace(node.name, named.nodes_.size());
    named.nodes_.push_back(std::move(judged));
  });
  if (!renamed) return named;
  SHOEHORN_ASSIGN(named.folder_, TemporaryFolder::Create());
  named.path_ = named.folder_->path() / "model.onnx";
  SHOEHORN_TRY(formats::SaveOnnx(*model, named.path_));
  return named;
}

const JudgedNode* NamedModel::Find(const std::string& alias) const {
  auto found = by_alias_.find(alias);
  if (found == by_alias_.end()) found = by_alias_.find(WithoutToken(alias));
  return found == by_alias_.end() ? nullptr : &nodes_[found->second];
}

const JudgedNode* NamedModel::FindMaker(const std::string& output) const {
  const auto found = by_output_.find(output);
  return found == by_output_.end() ? nullptr : &nodes_[found->second];
}

}  // namespace shoehorn::targets
