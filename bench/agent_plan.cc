// Writes the plan that bench/agent.py runs, and the server's repository: the whole model in the cloud, the
// same model as fallback on the device, events where the model is sure.
//   agent_plan MODEL FOLDER DEADLINE_MS EVENT_ABOVE
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "formats/onnx.h"
#include "place/plan.h"
#include "place/repository.h"
#include "support/files.h"

namespace {

namespace fs = std::filesystem;
using namespace shoehorn;

std::vector<int64_t> ShapeOf(const ir::Value& value) {
  std::vector<int64_t> shape;
  for (const ir::Dim& dim : value.type.dims) shape.push_back(dim.known() ? dim.value : 1);
  return shape;
}

Status WritePlan(const fs::path& model_file, const fs::path& folder, double deadline_s, double above) {
  SHOEHORN_ASSIGN(const auto model, formats::LoadOnnx(model_file));
  SHOEHORN_TRY(MakeFolder(folder));
  fs::copy_file(model_file, folder / "fallback.onnx", fs::copy_options::overwrite_existing);
  place::Plan plan;
  plan.choice = "cloud";
  SHOEHORN_ASSIGN(const std::string hash, place::HashModel(folder / "fallback.onnx"));
  plan.source = {"fallback.onnx", hash};
  plan.fallback = place::Stage{plan.source, "onnxruntime", "fp32", 1, 0};
  place::Tail& tail = plan.tail.emplace();
  tail.endpoint.address = "127.0.0.1:8001";
  tail.endpoint.model = "tail";
  for (const ir::Value* value : model->graph->inputs()) {
    data::InputSpec input;
    input.name = value->name();
    input.type = value->type.element;
    input.shape = ShapeOf(*value);
    plan.inputs.push_back(input);
    tail.inputs.push_back({input.name, input.type, input.shape, place::Packing::kNone, 1, 0});
  }
  for (const ir::Value* value : model->graph->outputs())
    tail.outputs.push_back({value->name(), value->type.element, ShapeOf(*value)});
  plan.deadline_s = deadline_s;
  plan.rate_per_s = 10;
  plan.rule = place::LinkRule{.limit_s = deadline_s};
  place::EventRule& events = plan.events.emplace();
  events.output = tail.outputs[0].name;
  events.when = "max_above";
  events.value = above;
  events.url = "https://127.0.0.1:8443/events";
  SHOEHORN_TRY(place::WriteRepository(*model, {.name = tail.endpoint.model, .backend = "python"},
                                      folder / "repository"));
  return WriteAtomically(folder / "plan.json", place::PlanJson(plan));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "agent_plan MODEL FOLDER DEADLINE_MS EVENT_ABOVE\n");
    return 2;
  }
  const Status written = WritePlan(argv[1], argv[2], std::atof(argv[3]) / 1e3, std::atof(argv[4]));
  if (written.ok()) return 0;
  std::fprintf(stderr, "%s\n", written.error().Text().c_str());
  return 2;
}
