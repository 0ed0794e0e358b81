#include "runtime/stage.h"

#include <chrono>

namespace shoehorn::runtime {
namespace {

constexpr int kWarmRuns = 4;  // the first one, which allocates, does not count

ir::Tensor Zeros(const data::InputSpec& input) {
  const auto size = static_cast<size_t>(ir::ElementCount(input.shape) * ir::BitsOf(input.type) / 8);
  const std::vector<std::byte> bytes(size);
  return ir::Tensor::OfBytes(input.type, input.shape, bytes);
}

}  // namespace

Result<std::unique_ptr<Stage>> Stage::Load(const place::Stage& stage,
                                           const std::vector<data::InputSpec>& inputs,
                                           const std::filesystem::path& folder) {
  SHOEHORN_ASSIGN(engines::Engine* const engine, engines::FindEngine(stage.engine));
  engines::SessionOptions options;
  options.threads = stage.threads;
  SHOEHORN_ASSIGN(options.precision, engines::ParsePrecision(stage.precision));
  const std::filesystem::path file = folder / stage.model.path;
  SHOEHORN_ASSIGN(auto session, engine->Load(file, options));
  std::unique_ptr<Stage> loaded(new Stage(std::move(session)));
  Tensors zeros;
  for (const data::InputSpec& input : inputs) zeros[input.name] = Zeros(input);
  loaded->expected_s_ = stage.predicted_s;
  for (int run = 0; run < kWarmRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    if (const auto outputs = loaded->Run(zeros); !outputs.ok()) {
      Diagnostic diagnostic = outputs.error();
      diagnostic.file = file.string();
      return diagnostic;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (run > 0) loaded->expected_s_ = std::max(loaded->expected_s_, took.count());
  }
  return loaded;
}

Result<Tensors> Stage::Run(const Tensors& inputs) {
  std::vector<ir::Tensor> ordered;
  for (const engines::Port& port : session_->inputs()) {
    const auto found = inputs.find(port.name);
    if (found == inputs.end()) {
      Diagnostic diagnostic;
      diagnostic.place = "input '" + Escaped(port.name) + "'";
      diagnostic.found = "the model wants it, and the plan has no input of that name";
      return diagnostic;
    }
    ordered.push_back(found->second);
  }
  const std::lock_guard lock(mutex_);
  SHOEHORN_ASSIGN(auto outputs, session_->Run(ordered));
  Tensors named;
  for (size_t i = 0; i < outputs.size(); ++i) named[session_->outputs()[i].name] = std::move(outputs[i]);
  return named;
}

bool Stage::Has(std::string_view output) const {
  return std::ranges::any_of(session_->outputs(),
                             [&](const engines::Port& port) { return port.name == output; });
}

}  // namespace shoehorn::runtime
