// Putting several nodes in one node's place, spelled as the model's opset asks (axes of Squeeze are an
// attribute before opset 13 and an input after), with types inferred and the user's names behind them:
//   Builder build(node, context);
//   ir::Value& mean = build.Reduce("ReduceMean", *x, {2, 3});
//   ir::Value& centred = build.Make("Sub", {x, &mean});
//   SHOEHORN_TRY(build.Replace(centred));     // node is the Sub now, under its old name and output
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "passes/pass.h"

namespace shoehorn::passes {

/// An attribute as passes write them.
struct Setting {
  std::string name;
  std::variant<int64_t, float, std::string, std::vector<int64_t>> value;
};

/// The numbers and strings among a node's attributes, but not those called one of `without`.
std::vector<Setting> SettingsOf(const ir::Node& node, const std::vector<std::string_view>& without = {});

/// Makes nodes before `anchor`, which the last of them replaces. What goes wrong in inference is kept, and
/// given back by Replace().
class Builder {
 public:
  Builder(ir::Node& anchor, PassContext& context) : anchor_(anchor), context_(context) {}

  int64_t opset() const { return anchor_.graph().model().Opset(); }

  /// A node with one output.
  ir::Value& Make(std::string_view op_type, const std::vector<ir::Value*>& inputs,
                  std::vector<Setting> settings = {});
  /// x[start:end:step] along each axis; opset 10 at least where a step is not 1.
  ir::Value& Slice(ir::Value& x, const std::vector<int64_t>& axes, const std::vector<int64_t>& starts,
                   const std::vector<int64_t>& ends, const std::vector<int64_t>& steps = {});
  ir::Value& Squeeze(ir::Value& x, const std::vector<int64_t>& axes);
  ir::Value& Unsqueeze(ir::Value& x, const std::vector<int64_t>& axes);
  /// `dims` as in Reshape: 0 copies a dimension, -1 is what remains.
  ir::Value& Reshape(ir::Value& x, const std::vector<int64_t>& dims);
  /// ReduceMean, ReduceSum, ... over `axes`, which are kept with size 1 unless `keep` is false.
  ir::Value& Reduce(std::string_view op_type, ir::Value& x, const std::vector<int64_t>& axes,
                    bool keep = true);
  /// `pads`: of all axes, beginnings, then ends. `mode`: "constant" (zeros), "edge", "reflect".
  ir::Value& Pad(ir::Value& x, const std::vector<int64_t>& pads, const std::string& mode = "constant");
  /// `x` itself when `perm` keeps the order.
  ir::Value& Transpose(ir::Value& x, const std::vector<int64_t>& perm);
  ir::Value& Concat(const std::vector<ir::Value*>& parts, int64_t axis);
  /// The pieces of `x` along `axis`, of the given sizes.
  std::vector<ir::Value*> Split(ir::Value& x, int64_t axis, const std::vector<int64_t>& sizes);
  /// max(x, low), cut at high; an infinite bound is left away.
  ir::Value& Clip(ir::Value& x, double low, double high);

  /// A list with one element a channel as [C, 1, ...], so that it lines up with axis 1 of a tensor of `rank`.
  ir::Value& ByChannel(ir::Value& list, std::string_view suffix, size_t rank);
  /// One number of `like`'s element type.
  ir::Value& Number(const ir::Value& like, double number);
  /// A list of integers; equal lists are one constant.
  ir::Value& Ints(std::string_view suffix, const std::vector<int64_t>& numbers);
  ir::Value& Constant(std::string_view suffix, ir::Tensor tensor);

  /// The anchor becomes the node that makes `made` (just made here, with one output), which goes: names of
  /// the anchor and of its output stay. What only the anchor read is removed.
  Status Replace(ir::Value& made);
  /// `values[i]`, made anywhere, stands in for the anchor's output i (nullptr: nothing uses that output); a
  /// value that was made here takes its name too. The anchor goes, with what only it read.
  Status ReplaceOutputs(const std::vector<ir::Value*>& values);
  /// The first thing that went wrong.
  const Status& status() const { return status_; }

 private:
  ir::Node& Add(std::string_view op_type, const std::vector<ir::Value*>& inputs, size_t outputs,
                std::vector<Setting> settings);

  ir::Node& anchor_;
  PassContext& context_;
  Status status_ = Ok();
  std::vector<std::pair<std::vector<int64_t>, ir::Value*>> ints_;
};

/// Runs `repair` on each node that the context wants replaced; true when it replaced one.
Result<bool> RepairEach(ir::Graph& graph, PassContext& context,
                        Result<bool> (*repair)(ir::Node& node, PassContext& context));

/// The target of a Reshape from `from` to `to` with at most one dimension left to compute; dimensions that
/// are unknown but of the same name at the same place are kept. Nothing when more are unknown, or one is 0.
std::optional<ir::Shape> ReshapeTarget(const ir::Type& from, const ir::Type& to);

/// The value is a tensor of float.
bool IsFloat(const ir::Value* value);
/// The dimension `axis` of the value when it is a number; -1 else.
int64_t KnownDim(const ir::Value& value, size_t axis);
/// The rank of a tensor, or nothing when it is unknown.
std::optional<size_t> RankOf(const ir::Value* value);

}  // namespace shoehorn::passes
