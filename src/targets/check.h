// Which nodes of a model a target takes, by its rules: one answer a node, the islands that the taken ones
// form, and what crosses between them and the CPU.
//   SHOEHORN_ASSIGN(const Profile profile, FindProfile("qcs6490"));
//   const CheckResult result = Check(*model, profile);
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "targets/rule.h"

namespace shoehorn::targets {

/// Why a node is not simply native.
struct Refusal {
  std::string rule;      ///< "qnn_htp.MaxPool.rank"
  std::string reason;    ///< a sentence with node, found, accepted and source in it is made by Sentence()
  std::string found;     ///< "input 0 has 5 dimensions"
  std::string accepted;  ///< "3 or 4 dimensions"
  std::string source;
  std::vector<std::string> cures;  ///< passes, the best first
  std::string advice;
};

struct NodeAnswer {
  const ir::Node* node = nullptr;
  Grade grade = Grade::kNative;
  std::shared_ptr<const Refusal> refusal;  ///< null when native; nodes refused alike share one
  int island = -1;                         ///< of accepted nodes; -1 on the CPU
  std::optional<bool> judged;              ///< what a judge said; wins over the rules
  std::string words;                       ///< the judge's, for a refused node

  bool accepted_by_rules() const { return grade == Grade::kNative || grade == Grade::kEmulated; }
  /// Runs on the accelerator as it stands.
  bool accepted() const { return judged.value_or(accepted_by_rules()); }
};

/// A tensor that leaves the accelerator or enters it in the middle of the model (its inputs and outputs not
/// counted).
struct Crossing {
  const ir::Value* value = nullptr;
  bool to_cpu = false;
  int64_t bytes = -1;  ///< -1: not known, a dimension is open
};

struct Summary {
  /// By the rules, except that what a judge took is accepted and what it left is refused (conditional when
  /// the rules say so).
  size_t accepted = 0, conditional = 0, refused = 0, unknown = 0;
  size_t islands = 0;
  size_t cpu_operators = 0;  ///< conditional, refused and unknown
};

struct CheckResult {
  std::string target;
  const Accelerator* accelerator = nullptr;
  std::vector<NodeAnswer> nodes;  ///< in order, inner graphs after their node; Constant nodes left out
  std::vector<Crossing> crossings;
  Summary summary;
};

/// `model` must have its types inferred and outlive the result.
CheckResult Check(const ir::Model& model, const Profile& profile);
/// The same by the rules of `accelerator`, which must outlive the result, whatever the profile names.
CheckResult Check(const ir::Model& model, const Accelerator& accelerator, const Profile& profile);

/// The same for each of `profiles`, in their order, side by side on the processor's cores.
std::vector<CheckResult> CheckAll(const ir::Model& model, const std::vector<Profile>& profiles);

/// Counts, islands and crossings anew, after NodeAnswer::judged was set.
void Recount(const ir::Model& model, CheckResult& result);

/// "node 'MaxPool_5' (MaxPool): input 0 has 5 dimensions; accepted: 3 or 4 dimensions (source)".
std::string Sentence(const NodeAnswer& answer);

/// Groups `accepted` nodes of `graph` into islands that no path leaves and enters again, writes
/// NodeAnswer::island and gives their number. Nodes in order, as Check() lists them.
size_t FindIslands(const ir::Graph& graph, std::vector<NodeAnswer>& nodes);

}  // namespace shoehorn::targets
