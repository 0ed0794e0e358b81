// What to train instead, where no repair helps after training: the layers in the user's own names, the
// reason, the replacement that the target takes, and what it gains, by grading the model as if those layers
// were taken.
#pragma once

#include <string>
#include <vector>

#include "targets/check.h"

namespace shoehorn::targets {

/// For alike nodes that the target does not take.
struct Advice {
  std::string rule;                ///< of the first node
  std::string op_type;             ///< "Conv, Relu"
  std::vector<std::string> nodes;  ///< in the user's own names
  std::string reason;              ///< what was found and what is accepted
  std::string replacement;         ///< what to train instead
  Summary now, then;               ///< as it is, and if these nodes, and no others, were taken; by rules
  int64_t bytes_now = 0, bytes_then = 0;  ///< that cross in each run; crossings of unknown size not counted
};

/// Alike refusals that carry advice, those that concern most nodes first, at most `most`: each costs about as
/// much as a Check().
std::vector<Advice> AdviseTraining(const ir::Model& model, const CheckResult& check, size_t most = 20);

/// Bytes of all crossings of known size.
int64_t BytesCrossing(const std::vector<Crossing>& crossings);

}  // namespace shoehorn::targets
