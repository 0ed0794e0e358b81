#include "report/check_report.h"

#include <unordered_map>

namespace shoehorn::report {
namespace {

using targets::Grade;
using targets::NodeAnswer;

/// Why the node is not simply native; a judge that leaves what the rules take gives its own words.
targets::Refusal RefusalOf(const Answer& answer, const NodeAnswer& node) {
  if (node.refusal != nullptr) return *node.refusal;
  targets::Refusal refusal;
  const targets::Judgement& judgement = *answer.judgement;
  refusal.rule = judgement.judge + "." + node.node->op_type;
  refusal.found = node.words.empty() ? "the compiler left it to the CPU without a word" : node.words;
  refusal.accepted = "every rule holds; the compiler alone knows what it wants";
  refusal.source = judgement.version;
  return refusal;
}

}  // namespace

std::vector<Alike> GroupAlike(const Answer& answer, bool emulated) {
  std::vector<Alike> groups;
  std::unordered_map<std::string, size_t> index;
  for (const NodeAnswer& node : answer.check.nodes) {
    if (emulated ? node.grade != Grade::kEmulated || !node.accepted() : node.accepted()) continue;
    if (!emulated && answer.gone(node)) continue;
    if (node.refusal == nullptr && !answer.judged()) continue;
    targets::Refusal refusal = RefusalOf(answer, node);
    const auto [at, fresh] = index.try_emplace(
        refusal.rule + '\n' + refusal.accepted + (node.judged ? "\njudged" : ""), groups.size());
    if (fresh) groups.push_back({std::move(refusal), {}});
    groups[at->second].nodes.push_back(&node);
  }
  return groups;
}

std::string_view KnownFrom(const NodeAnswer& node) { return node.judged ? "judged" : "by rules"; }

size_t LeftUnsupported(const Answer& answer) {
  size_t left = 0;
  for (const NodeAnswer& node : answer.check.nodes) {
    const bool refused = node.grade == Grade::kUnsupported || node.grade == Grade::kUnknown;
    left += node.judged ? !*node.judged : refused && !answer.gone(node);
  }
  return left;
}

}  // namespace shoehorn::report
