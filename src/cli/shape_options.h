// --shape NAME=1,3,224,224 and --symbol batch=1, for every subcommand that pins dynamic dimensions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "passes/pipeline.h"

namespace CLI {
class App;
}

namespace shoehorn::cli {

struct ShapeOptions {
  std::vector<std::string> shapes, symbols;
};

std::shared_ptr<ShapeOptions> AddShapeOptions(CLI::App& app);

/// Fills `simplify.shapes` and `simplify.symbols`; an error names the argument and says its form.
Status ReadShapeOptions(const ShapeOptions& options, passes::SimplifyOptions& simplify);

}  // namespace shoehorn::cli
