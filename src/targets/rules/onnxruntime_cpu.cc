// ONNX Runtime on the CPU, the yardstick of every other target: it takes all of ONNX's own operators but a
// few.
#include "targets/constraints.h"

namespace shoehorn::targets {

const Accelerator& OnnxRuntimeCpu() {
  static const Accelerator accelerator = {
      .name = "onnxruntime_cpu",
      .title = "ONNX Runtime, CPU",
      .runtime = "ONNX Runtime 1.32",
      .source = "microsoft/onnxruntime@8f06330, docs/OperatorKernels.md",
      .complete = false,
      .everywhere = {},
      .rows = {{.op_types = {"Conv"}, .rules = {Types(0, {ir::DataType::kFloat})}}},
  };
  return accelerator;
}

}  // namespace shoehorn::targets
