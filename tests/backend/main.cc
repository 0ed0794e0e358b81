// backend_cases FOLDER...: for each of ONNX's backend tests, does ONNX Runtime pass it on the file as it is,
// and on what import, simplification and export make of it? One line before each step, so that whoever reads
// the output knows where this process died, if it does:
//   start test_relu
//   original test_relu pass
//   simplified test_relu element 3 is 0 instead of 1
#include <fmt/format.h>
#include <onnx/checker.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "backend/values.h"
#include "engines/evaluator.h"
#include "engines/onnxruntime_api.h"
#include "formats/onnx.h"
#include "passes/pipeline.h"

namespace shoehorn::backend {
namespace {

namespace fs = std::filesystem;

struct DataSet {
  std::vector<Value> inputs, outputs;
};

void Say(std::string_view step, const fs::path& folder, std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  fmt::print("{} {} {}\n", step, folder.filename().string(), text);
  std::fflush(stdout);
}

/// input_0.pb, input_1.pb, ... of the ports that have a file.
Result<std::vector<Value>> ReadValues(const fs::path& folder, std::string_view side,
                                      const google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>& ports) {
  std::vector<Value> values;
  for (int i = 0; i < ports.size(); ++i) {
    const fs::path path = folder / fmt::format("{}_{}.pb", side, i);
    if (!fs::exists(path)) break;
    SHOEHORN_ASSIGN(Value value, ReadValue(path, ports[i].type()));
    values.push_back(std::move(value));
  }
  return values;
}

Result<std::vector<DataSet>> ReadDataSets(const fs::path& folder, const onnx::ModelProto& model) {
  std::vector<DataSet> sets;
  for (int number = 0; fs::exists(folder / fmt::format("test_data_set_{}", number)); ++number) {
    const fs::path data = folder / fmt::format("test_data_set_{}", number);
    SHOEHORN_ASSIGN(auto inputs, ReadValues(data, "input", model.graph().input()));
    SHOEHORN_ASSIGN(auto outputs, ReadValues(data, "output", model.graph().output()));
    sets.push_back({std::move(inputs), std::move(outputs)});
  }
  return sets;
}

/// Names of the inputs that must be fed, in order.
std::vector<std::string> InputNames(const onnx::GraphProto& graph) {
  std::vector<std::string> names;
  for (const auto& input : graph.input()) {
    const auto same = [&](const auto& tensor) { return tensor.name() == input.name(); };
    if (std::none_of(graph.initializer().begin(), graph.initializer().end(), same))
      names.push_back(input.name());
  }
  return names;
}

/// Runs a model file on all data sets; "pass" or what went wrong. Values go by the names of the original's
/// ports.
std::string RunFile(const fs::path& path, const onnx::GraphProto& ports, const std::vector<DataSet>& sets) {
  try {
    const auto env = engines::OpenOnnxRuntime();
    if (!env.ok()) return env.error().Text();
    Ort::SessionOptions options;
    options.SetIntraOpNumThreads(1);
    options.SetLogSeverityLevel(4);
    Ort::Session session(**env, path.c_str(), options);
    const std::vector<std::string> input_names = InputNames(ports);
    std::vector<const char*> inputs, outputs;
    for (const std::string& name : input_names) inputs.push_back(name.c_str());
    for (const auto& output : ports.output()) outputs.push_back(output.name().c_str());
    for (const DataSet& set : sets) {
      if (set.inputs.size() != inputs.size() || set.outputs.size() != outputs.size())
        return "files and ports do not match";
      std::vector<Ort::Value> values;
      for (const Value& value : set.inputs) values.push_back(ToRuntime(value));
      const auto found = session.Run(Ort::RunOptions{}, inputs.data(), values.data(), values.size(),
                                     outputs.data(), outputs.size());
      for (size_t i = 0; i < found.size(); ++i)
        if (std::string text = Difference(FromRuntime(found[i]), set.outputs[i]); !text.empty())
          return fmt::format("output '{}': {}", outputs[i], text);
    }
    return "pass";
  } catch (const Ort::Exception& error) {
    return fmt::format("ONNX Runtime: {}", error.what());
  }
}

/// Empty, or what libonnx's checker holds against the file.
std::string CheckFile(const fs::path& path) {
  try {
    onnx::checker::check_model(path.string());
    return "";
  } catch (const std::exception& error) {
    return fmt::format("libonnx's checker: {}", error.what());
  }
}

Status SimplifyFile(const fs::path& from, const fs::path& to) {
  SHOEHORN_ASSIGN(const auto model, formats::LoadOnnx(from));
  const auto types = formats::MakeTypeInference(*model);
  passes::SimplifyOptions options;
  options.types = types.get();
  const auto evaluator = engines::MakeEvaluator();
  options.evaluator = evaluator.get();
  options.runner.verify = true;
  SHOEHORN_TRY(passes::Simplify(*model, options));
  return formats::SaveOnnx(*model, to);
}

void RunCase(const fs::path& folder, const fs::path& scratch) {
  Say("start", folder, "");
  alarm(60);  // a case that hangs kills this process and is an answer too
  onnx::ModelProto model;
  std::ifstream stream(folder / "model.onnx", std::ios::binary);
  if (!model.ParseFromIstream(&stream)) return Say("original", folder, "model.onnx does not parse");
  const auto sets = ReadDataSets(folder, model);
  if (!sets.ok()) return Say("original", folder, sets.error().Text());
  const std::string original = RunFile(folder / "model.onnx", model.graph(), *sets);
  Say("original", folder, original);
  if (original != "pass") return;
  const fs::path simplified = scratch / "model.onnx";
  if (const Status status = SimplifyFile(folder / "model.onnx", simplified); !status.ok())
    return Say("simplified", folder, status.error().Text());
  if (CheckFile(folder / "model.onnx").empty())
    if (const std::string refused = CheckFile(simplified); !refused.empty())
      return Say("simplified", folder, refused);
  Say("simplified", folder, RunFile(simplified, model.graph(), *sets));
}

}  // namespace
}  // namespace shoehorn::backend

int main(int count, char** arguments) {
  const auto scratch = std::filesystem::temp_directory_path() / fmt::format("shoehorn-backend-{}", getpid());
  std::filesystem::create_directories(scratch);
  for (int i = 1; i < count; ++i) shoehorn::backend::RunCase(arguments[i], scratch);
  std::filesystem::remove_all(scratch);
}
