#include "targets/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace shoehorn::targets {

int64_t BytesCrossing(const std::vector<Crossing>& crossings) {
  int64_t bytes = 0;
  for (const Crossing& crossing : crossings) bytes += std::max<int64_t>(crossing.bytes, 0);
  return bytes;
}

std::vector<Advice> AdviseTraining(const ir::Model& model, const CheckResult& check, size_t most) {
  std::unordered_map<std::string, size_t> index;
  std::vector<std::vector<size_t>> groups;
  for (size_t i = 0; i < check.nodes.size(); ++i) {
    const NodeAnswer& node = check.nodes[i];
    if (node.accepted() || node.refusal == nullptr || node.refusal->advice.empty()) continue;
    // One reason and one replacement are one piece of advice, whatever the operators.
    const auto [at, fresh] =
        index.try_emplace(node.refusal->advice + '\n' + node.refusal->accepted, groups.size());
    if (fresh) groups.emplace_back();
    groups[at->second].push_back(i);
  }
  std::ranges::stable_sort(groups, [](const auto& a, const auto& b) { return a.size() > b.size(); });
  groups.resize(std::min(groups.size(), most));
  std::vector<Advice> list;
  if (groups.empty()) return list;
  CheckResult now = check;
  Recount(model, now);  // a judge's islands would not compare with the counts below
  for (const std::vector<size_t>& group : groups) {
    const NodeAnswer& first = check.nodes[group.front()];
    Advice advice;
    advice.rule = first.refusal->rule;
    advice.reason = fmt::format("{}; accepted: {}", first.refusal->found, first.refusal->accepted);
    advice.replacement = first.refusal->advice;
    CheckResult then = now;
    std::unordered_set<std::string> known, operators;
    for (const size_t i : group) {
      then.nodes[i].grade = Grade::kNative;
      then.nodes[i].judged.reset();
      if (const std::string& op_type = check.nodes[i].node->op_type; operators.insert(op_type).second)
        advice.op_type += (advice.op_type.empty() ? "" : ", ") + op_type;
      for (std::string& name : check.nodes[i].node->UserNames())
        if (known.insert(name).second) advice.nodes.push_back(std::move(name));
    }
    Recount(model, then);
    advice.now = now.summary;
    advice.then = then.summary;
    advice.bytes_now = BytesCrossing(now.crossings);
    advice.bytes_then = BytesCrossing(then.crossings);
    list.push_back(std::move(advice));
  }
  return list;
}

}  // namespace shoehorn::targets
