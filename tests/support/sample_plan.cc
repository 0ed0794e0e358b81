#include "support/sample_plan.h"

namespace shoehorn::testing {

place::Plan SamplePlan(const Scratch& scratch) {
  const auto file = [&](const std::string& name) {
    return place::PlanFile{name, *place::HashModel(scratch.Write(name, "the bytes of " + name))};
  };
  place::Plan plan;
  plan.choice = "split at 'x'";
  plan.source = file("model.onnx");
  plan.inputs = {
      {.name = "image", .shape = {1, 3, 8, 8}, .resize = data::Resize::kLetterbox, .mean = {1, 2, 3}}};
  plan.head = {file("head.onnx"), "onnxruntime", "fp32", 1, 0.002};
  place::Tail tail;
  tail.endpoint = {"cloud.example.org:8001", "model_tail", "", true, "ca.pem", "CLOUD_TOKEN", ""};
  tail.inputs = {{"x_u8", ir::DataType::kUint8, {1, 16, 4, 4}, place::Packing::kInt8, 0.25, 3}};
  tail.outputs = {{"scores", ir::DataType::kFloat, {1, -1}}};
  tail.predicted_s = 0.004;
  plan.tail = tail;
  plan.fallback = {file("fallback.onnx"), "openvino", "int8", 2, 0.003};
  plan.deadline_s = 0.1;
  plan.rate_per_s = 10;
  plan.cascade = {"scores", 0.8};
  plan.rule = place::LinkRule{.limit_s = 0.08};
  place::EventRule& events = plan.events.emplace();
  events.output = "scores";
  events.when = "max_above";
  events.value = 0.9;
  events.url = "https://example.org/events";
  return plan;
}

}  // namespace shoehorn::testing
