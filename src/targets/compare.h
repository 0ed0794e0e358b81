// Rules and judge side by side: where they disagree the judge wins, and the disagreement is listed.
#pragma once

#include "targets/check.h"
#include "targets/judge.h"

namespace shoehorn::targets {

struct Disagreement {
  std::string node, op_type;
  std::string rules;   ///< "native", or the rule's sentence
  std::string judged;  ///< "taken", or "left to the CPU: " and the compiler's words
};

struct Agreement {
  size_t compared = 0;  ///< nodes that both know; what the runtime fused away or folded is not counted
  size_t agreed = 0;    ///< a node that rules call native (or emulated) and the judge took, or the reverse
  size_t unknown = 0;   ///< nodes of which the rules know nothing: in `compared`, never in `agreed`
  std::vector<Disagreement> disagreements;
};

/// Nodes are matched by name (by the first output's name where the node has none). Errors are no concern: a
/// judge that died has no nodes, so nothing is compared.
Agreement Compare(const CheckResult& rules, const Judgement& judgement);

/// How judges are told of a node: its name, or its first output's where it has none.
std::string JudgedName(const ir::Node& node);

/// Writes the judgement into `result` (NodeAnswer::judged, words) and counts anew. Nodes that the runtime
/// fused away stay as the rules say. The numbers of islands and of operators on the
/// CPU are the judge's.
void Adopt(const Judgement& judgement, const ir::Model& model, CheckResult& result);

}  // namespace shoehorn::targets
