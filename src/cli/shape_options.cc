#include "cli/shape_options.h"

#include <CLI/CLI.hpp>

namespace shoehorn::cli {
namespace {

/// "NAME=1,3,224" -> NAME, {1, 3, 224}; the name may hold '=' itself.
Result<std::pair<std::string, ir::Shape>> ReadAssignment(const std::string& option,
                                                         const std::string& argument) {
  Diagnostic diagnostic;
  diagnostic.place = option + " " + argument;
  diagnostic.expected =
      option == "--shape" ? "NAME=1,3,224,224 with -1 for a dimension that stays as it is" : "NAME=1";
  const size_t equals = argument.rfind('=');
  if (equals == std::string::npos || equals == 0) {
    diagnostic.found = "no '=' between a name and its numbers";
    return diagnostic;
  }
  ir::Shape dims;
  for (const std::string& text : CLI::detail::split(argument.substr(equals + 1), ',')) {
    int64_t value = 0;
    if (!CLI::detail::lexical_cast(text, value) || value < -1) {
      diagnostic.found = "'" + text + "' is no dimension";
      return diagnostic;
    }
    dims.push_back(value);
  }
  return std::pair(argument.substr(0, equals), dims);
}

}  // namespace

std::shared_ptr<ShapeOptions> AddShapeOptions(CLI::App& app) {
  auto options = std::make_shared<ShapeOptions>();
  app.add_option("--shape", options->shapes, "Pin a graph input, e.g. images=1,3,416,416; may be repeated")
      ->type_name("NAME=DIMS")
      ->allow_extra_args(false);
  app.add_option("--symbol", options->symbols, "Pin a named dimension, e.g. batch=1; may be repeated")
      ->type_name("NAME=SIZE")
      ->allow_extra_args(false);
  return options;
}

Status ReadShapeOptions(const ShapeOptions& options, passes::SimplifyOptions& simplify) {
  for (const std::string& argument : options.shapes) {
    SHOEHORN_ASSIGN(auto assignment, ReadAssignment("--shape", argument));
    simplify.shapes.insert(std::move(assignment));
  }
  for (const std::string& argument : options.symbols) {
    SHOEHORN_ASSIGN(const auto assignment, ReadAssignment("--symbol", argument));
    if (assignment.second.size() != 1 || assignment.second[0] < 0) {
      Diagnostic diagnostic;
      diagnostic.place = "--symbol " + argument;
      diagnostic.found = "not one number";
      diagnostic.expected = "NAME=1";
      return diagnostic;
    }
    simplify.symbols[assignment.first] = assignment.second[0];
  }
  return Ok();
}

}  // namespace shoehorn::cli
