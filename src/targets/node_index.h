// Where a node stands in the list of answers, for 100,000 nodes and twenty targets: a flat table instead of
// std::unordered_map, whose nodes all over the heap cost most of a check.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "targets/check.h"

namespace shoehorn::targets {

class NodeIndex {
 public:
  static constexpr size_t kNone = std::numeric_limits<size_t>::max();

  explicit NodeIndex(const std::vector<NodeAnswer>& answers)
      : slots_(std::bit_ceil(answers.size() * 2 + 2)), mask_(slots_.size() - 1) {
    for (size_t i = 0; i < answers.size(); ++i) {
      size_t at = Home(answers[i].node);
      while (slots_[at].node != nullptr) at = (at + 1) & mask_;
      slots_[at] = {answers[i].node, i};
    }
  }

  /// The place of `node`, or kNone when it has no answer.
  size_t Find(const ir::Node* node) const {
    for (size_t at = Home(node); slots_[at].node != nullptr; at = (at + 1) & mask_)
      if (slots_[at].node == node) return slots_[at].place;
    return kNone;
  }

 private:
  struct Slot {
    const ir::Node* node = nullptr;
    size_t place = 0;
  };

  /// Nodes made one after the other stand close in memory, and so do their slots.
  size_t Home(const ir::Node* node) const {
    return (reinterpret_cast<uintptr_t>(node) / sizeof(ir::Node)) & mask_;
  }

  std::vector<Slot> slots_;
  size_t mask_;
};

}  // namespace shoehorn::targets
