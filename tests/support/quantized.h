// What the tests of quantization share.
#pragma once

#include <memory>
#include <string>

#include "formats/onnx.h"
#include "quant/plan.h"

namespace shoehorn::testing {

/// The model of a graph in ONNX's text form. Fails the test when it cannot be read.
std::unique_ptr<ir::Model> ParseGraph(const std::string& graph, int ir_version, int opset);

/// One range for all the ways to choose one.
quant::ActivationRanges Between(double low, double high, double sqnr_db = 40);

/// The nodes alone, a line each: "y = Conv(r, w2)".
std::string NodesOf(const ir::Model& model);

}  // namespace shoehorn::testing
