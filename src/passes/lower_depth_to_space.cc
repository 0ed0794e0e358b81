// DepthToSpace and SpaceToDepth as what they are by definition:
//   DepthToSpace<blocksize=2>(x [n,8,h,w])   becomes   Reshape to [n,2,2,2,h,w], Transpose, Reshape to
//   [n,2,2h,2w]
#include "passes/builder.h"

namespace shoehorn::passes {
namespace {

using ir::Node;
using ir::Value;

Result<bool> Repair(Node& node, PassContext& context) {
  const bool to_space = node.Is("DepthToSpace");
  if ((!to_space && !node.Is("SpaceToDepth")) || RankOf(node.input(0)) != 4) return false;
  Value& x = *node.input(0);
  const int64_t block = node.Int("blocksize");
  const int64_t channels = KnownDim(x, 1), height = KnownDim(x, 2), width = KnownDim(x, 3);
  if (block < 1 || channels < 1 || height < 1 || width < 1) return false;
  const bool depth_first = node.String("mode", "DCR") == "DCR";

  ir::Shape apart, together;
  std::vector<int64_t> perm;
  if (to_space) {
    if (channels % (block * block) != 0) return false;
    const int64_t fewer = channels / (block * block);
    apart = depth_first ? ir::Shape{0, block, block, fewer, height, width}
                        : ir::Shape{0, fewer, block, block, height, width};
    perm = depth_first ? std::vector<int64_t>{0, 3, 4, 1, 5, 2} : std::vector<int64_t>{0, 1, 4, 2, 5, 3};
    together = {0, fewer, height * block, width * block};
  } else {
    if (height % block != 0 || width % block != 0) return false;
    apart = {0, channels, height / block, block, width / block, block};
    perm = {0, 3, 5, 1, 2, 4};
    together = {0, channels * block * block, height / block, width / block};
  }
  context.Note(node, "by definition it is two changes of shape around a Transpose");
  Builder build(node, context);
  Value& moved = build.Transpose(build.Reshape(x, apart), perm);
  SHOEHORN_TRY(build.Replace(build.Reshape(moved, together)));
  return true;
}

}  // namespace

Result<bool> LowerDepthToSpace(ir::Graph& graph, PassContext& context) {
  return RepairEach(graph, context, Repair);
}

}  // namespace shoehorn::passes
