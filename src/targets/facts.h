// What a judge said about nodes, kept for nodes like them: after a repair most of a model is as it was, and
// the search need not ask again.
#pragma once

#include <string>
#include <unordered_map>

#include "targets/check.h"
#include "targets/judge.h"

namespace shoehorn::targets {

class Facts {
 public:
  /// Remembers the judgement of each node of `model`.
  void Learn(const ir::Model& model, const Judgement& judgement);
  /// Sets NodeAnswer::judged of every node that is known, and counts anew. A node that the judge refuses and
  /// the rules do not gets the cures that its operator's rules know.
  void Apply(const ir::Model& model, CheckResult& result) const;

 private:
  struct Fact {
    bool accepted;
    std::string words;
  };
  std::unordered_map<std::string, Fact> facts_;  // by signature
};

}  // namespace shoehorn::targets
