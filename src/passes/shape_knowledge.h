// What is known of the shapes and of the small integer contents of a graph's values, before it runs.
// Inference gives numbers; this adds equalities: after Transpose(x) the first dimension is still x's, and
// Gather(Shape(x), 0) holds it.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "ir/graph.h"
#include "passes/terms.h"

namespace shoehorn::passes {

/// The elements of an integer or bool tensor of rank 0 or 1.
struct Contents {
  bool scalar = false;
  std::vector<Term> elements;
};

class ShapeKnowledge {
 public:
  Terms& terms() { return terms_; }

  /// Learns about the outputs of `node` from its inputs; nodes are to be shown in order.
  void Visit(const ir::Node& node);

  /// One term a dimension; nothing when the rank is unknown.
  const std::vector<Term>* Dims(const ir::Value& value);
  /// Nothing when the elements are no small list of integers or nobody knows them.
  const Contents* ContentsOf(const ir::Value& value);

 private:
  std::optional<std::vector<Term>> DimsAfter(const ir::Node& node, size_t output);
  std::optional<Contents> ContentsAfter(const ir::Node& node, size_t output);
  std::optional<std::vector<Term>> Broadcast(const ir::Node& node);
  std::optional<std::vector<Term>> Reshaped(const std::vector<Term>& dims, const Contents& target,
                                            bool allow_zero);
  std::optional<std::vector<Term>> Windowed(const ir::Node& node);
  std::optional<Contents> Elementwise(const ir::Node& node);
  void Keep(const ir::Value& value, std::vector<Term> dims);

  Terms terms_;
  std::unordered_map<const ir::Value*, std::vector<Term>> dims_;
  std::unordered_map<const ir::Value*, Contents> contents_;
};

}  // namespace shoehorn::passes
