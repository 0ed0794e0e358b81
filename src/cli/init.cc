// shoehorn init MODEL: a commented spec for the model, ready to be completed.
#include "fit/init.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "fit/spec.h"
#include "formats/onnx.h"
#include "support/files.h"

namespace shoehorn::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string model, out;
  bool force = false;
};

Result<int> Run(const Options& options) {
  SHOEHORN_ASSIGN(const auto model, formats::LoadOnnx(options.model));
  const fs::path out = options.out.empty() ? fs::path(options.model).filename().replace_extension(".toml")
                                           : fs::path(options.out);
  std::error_code code;
  if (!options.force && fs::exists(out, code)) {
    Diagnostic diagnostic;
    diagnostic.file = out.string();
    diagnostic.found = "the file exists and is not overwritten without being asked";
    diagnostic.fix = "name another file with -o, or add --force to replace it";
    return diagnostic;
  }
  const fs::path folder = fs::absolute(out).parent_path();
  const fs::path relative =
      fs::absolute(options.model).lexically_normal().lexically_relative(folder.lexically_normal());
  SHOEHORN_TRY(
      WriteAtomically(out, fit::SpecFor(*model, relative.empty() ? fs::absolute(options.model) : relative)));
  std::printf(
      "%s: complete the samples, the metric and the requirements, then run\n  shoehorn fit %s -o %s\n",
      Escaped(out.string()).c_str(), Escaped(out.string()).c_str(), Escaped(out.stem().string()).c_str());
  return kMet;
}

}  // namespace

void SetUpInit(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model, "An ONNX model")->required();
  app.add_option("-o,--out", options->out, "The spec to write; by default the model's name with .toml, here");
  app.add_flag("--force", options->force, "Replace the spec when it exists");
  action = [options] { return Run(*options); };
}

}  // namespace shoehorn::cli
