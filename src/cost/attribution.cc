#include "cost/attribution.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace shoehorn::cost {
namespace {

struct Names {
  std::vector<std::string> whole;  ///< what may be nodes' names as they stand
  std::vector<std::string> parts;  ///< what may be, less what engines put around names
};

Names NamesIn(const engines::LayerTime& layer) {
  Names names;
  names.whole = layer.origins;
  names.whole.push_back(layer.name);
  std::string piece;
  for (const char letter : layer.name + "/") {
    const bool ends = letter == '/' || letter == ' ' || letter == ',' || letter == '+';
    if (!ends) {
      piece += letter;
      continue;
    }
    if (!piece.empty()) names.whole.push_back(piece);
    piece.clear();
  }
  // "node3_nchwc", "node3_quant", "node3_token_7": the engine's own suffixes.
  for (const std::string& name : names.whole)
    for (size_t at = name.rfind('_'); at != std::string::npos && at > 0; at = name.rfind('_', at - 1))
      names.parts.push_back(name.substr(0, at));
  // "x_abcd_acdb_node3/WithoutBiases": OpenVINO's conversion of layout before node3.
  if (layer.op_type == "Reorder")
    for (const std::string& name : names.whole)
      if (const size_t at = name.rfind('_'); at != std::string::npos)
        names.parts.push_back(name.substr(at + 1));
  return names;
}

/// What layers without a name of ours do: conversions of layout, and what the engine put in by itself.
std::string_view KindOfUnnamed(const engines::LayerTime& layer) {
  if (layer.op_type == "Transpose") return "ReorderChannels";
  if (layer.op_type == "Gather") return "SpaceToDepth";
  if (layer.op_type == "QuickGelu") return "Swish";
  if (layer.op_type == "HardSigmoid" || layer.op_type == "Mul")
    return "HardSwish";  // ONNX Runtime's two halves
  return layer.op_type;
}

}  // namespace

Attribution Attribute(const std::vector<Kernel>& kernels, const std::vector<engines::LayerTime>& layers) {
  std::unordered_map<std::string, size_t> by_name;
  for (size_t i = 0; i < kernels.size(); ++i) {
    if (kernels[i].kind.starts_with("Reorder")) continue;
    for (const ir::Node* node : kernels[i].nodes) {
      if (!node->name.empty()) by_name.emplace(node->name, i);
      for (const ir::Value* output : node->outputs()) by_name.emplace(output->name(), i);
    }
  }
  Attribution attribution;
  attribution.seconds.assign(kernels.size(), 0);
  const auto share = [&](const std::vector<size_t>& among, double seconds) {
    double bytes = 0;
    for (const size_t i : among) bytes += kernels[i].shape.bytes + 1;
    for (const size_t i : among) attribution.seconds[i] += seconds * (kernels[i].shape.bytes + 1) / bytes;
  };
  std::map<std::string_view, double> unnamed;
  for (const engines::LayerTime& layer : layers) {
    const double seconds = layer.fast_ms / 1000;
    std::vector<size_t> among;
    const auto look_for = [&](const std::vector<std::string>& names) {
      for (const std::string& name : names)
        if (const auto found = by_name.find(name);
            found != by_name.end() && std::ranges::count(among, found->second) == 0)
          among.push_back(found->second);
    };
    const Names names = NamesIn(layer);
    look_for(names.whole);
    if (among.empty()) look_for(names.parts);
    if (among.empty()) {
      unnamed[KindOfUnnamed(layer)] += seconds;
    } else {
      share(among, seconds);
    }
  }
  for (const auto& [kind, seconds] : unnamed) {
    std::vector<size_t> among;
    for (size_t i = 0; i < kernels.size(); ++i)
      if (kernels[i].kind == kind && attribution.seconds[i] == 0) among.push_back(i);
    if (!among.empty()) {
      share(among, seconds);
      continue;
    }
    attribution.lost += seconds;
    attribution.lost_layers.emplace_back(kind);
  }
  return attribution;
}

}  // namespace shoehorn::cost
