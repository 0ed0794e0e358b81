#include "place/output.h"

#include "formats/onnx.h"
#include "place/repository.h"
#include "support/files.h"

namespace shoehorn::place {
namespace {

namespace fs = std::filesystem;

class Writer {
 public:
  Writer(const Decision& decision, const fs::path& folder)
      : made_(decision), spec_(decision.spec), folder_(folder), candidate_(decision.best()) {}

  Result<Plan> Run() {
    plan_.choice = candidate_.name;
    plan_.source.path = fs::absolute(spec_.fit.model).lexically_normal().string();
    SHOEHORN_ASSIGN(plan_.source.hash, HashModel(spec_.fit.model));
    plan_.inputs = spec_.fit.inputs;
    plan_.deadline_s = spec_.deadline_s;
    plan_.rate_per_s = spec_.rate_per_s;
    plan_.events = spec_.events;
    plan_.rule = candidate_.policy.rule;
    const bool remote = candidate_.policy.route.has_value();
    if (!candidate_.policy.local.empty()) {
      SHOEHORN_ASSIGN(Stage whole, StageOf(*made_.model, "device.onnx", SecondsOf(candidate_.policy.local)));
      (remote ? plan_.fallback : plan_.head) = std::move(whole);
    }
    if (remote) SHOEHORN_TRY(candidate_.split ? Split() : Whole());
    SHOEHORN_TRY(CheckPlan(plan_, (folder_ / "plan.json").string()));
    SHOEHORN_TRY(WriteAtomically(folder_ / "plan.json", PlanJson(plan_)));
    return std::move(plan_);
  }

 private:
  Result<Stage> StageOf(const ir::Model& model, const std::string& name, double seconds) const {
    SHOEHORN_TRY(formats::SaveOnnx(model, folder_ / name));
    const Site& device = spec_.sites[made_.device()];
    Stage stage;
    stage.model.path = name;
    SHOEHORN_ASSIGN(stage.model.hash, HashModel(folder_ / name));
    stage.engine = device.engine;
    stage.precision = device.precision.empty() ? "fp32" : device.precision;
    stage.threads = device.threads;
    stage.predicted_s = seconds;
    return stage;
  }

  Status Split() {
    const place::Cut& cut = *candidate_.split;
    SHOEHORN_ASSIGN(Halves halves, SplitModel(*made_.model, HeadNodes(*made_.model, made_.graph, cut)));
    SHOEHORN_TRY(Pack(halves, made_.wire));
    if (halves.head != nullptr) {
      SHOEHORN_ASSIGN(plan_.head, StageOf(*halves.head, "head.onnx", cut.device_s));
    }
    SHOEHORN_TRY(Host(*halves.tail, spec_.fit.model.stem().string() + "_tail", cut.tail_s));
    Tail& tail = *plan_.tail;
    for (const ir::Value* input : halves.tail->graph->inputs())
      tail.inputs.push_back(CrossingOf(*input, halves));
    for (const ir::Value* output : halves.tail->graph->outputs())
      tail.outputs.push_back({output->name(), output->type.element, ShapeOf(*output)});
    return Ok();
  }

  /// A tail in a model repository of ours, and the plan's way to it.
  Status Host(const ir::Model& model, const std::string& name, double seconds) {
    const Site& site = spec_.sites[candidate_.place];
    HostOptions host;
    host.name = ServerName(site.server.model.empty() ? name : site.server.model);
    host.backend = site.backend;
    host.instances = site.instances;
    host.threads = site.threads;
    host.least_replicas = site.least_replicas;
    host.most_replicas = site.most_replicas;
    SHOEHORN_TRY(WriteRepository(model, host, folder_ / "repository"));
    Ask(host.name, seconds);
    return Ok();
  }

  void Ask(const std::string& server_model, double seconds) {
    Tail& tail = plan_.tail.emplace();
    tail.endpoint = spec_.sites[candidate_.place].server;
    tail.endpoint.model = server_model;
    if (tail.endpoint.address.empty()) tail.endpoint.address = "127.0.0.1:8001";
    tail.compress = candidate_.compress;
    tail.predicted_s = seconds;
  }

  /// A place that answers with a model of its own gets the spec's inputs as they are. A service's model is
  /// hosted by somebody else, and gives what the spec's gives.
  Status Whole() {
    const Site& site = spec_.sites[candidate_.place];
    const auto own = made_.models.find(candidate_.place);
    const ir::Model* model = made_.model.get();
    if (own != made_.models.end()) {
      model = own->second.model.get();
      SHOEHORN_TRY(Host(*model, site.model.stem().string(), own->second.costs.seconds));
    } else {
      Ask(site.server.model.empty() ? ServerName(spec_.fit.model.stem().string()) : site.server.model,
          site.latency_s.value_or(0));
    }
    for (const ir::Value* input : model->graph->inputs())
      plan_.tail->inputs.push_back(
          {.name = input->name(), .type = input->type.element, .shape = ShapeOf(*input)});
    for (const ir::Value* output : model->graph->outputs())
      plan_.tail->outputs.push_back({output->name(), output->type.element, ShapeOf(*output)});
    if (candidate_.policy.cascade)
      plan_.cascade = Cascade{spec_.cascade->output, candidate_.policy.cascade->threshold};
    return Ok();
  }

  static std::vector<int64_t> ShapeOf(const ir::Value& value) {
    std::vector<int64_t> shape;
    for (const ir::Dim& dim : value.type.dims) shape.push_back(dim.known() ? dim.value : -1);
    return shape;
  }

  Crossing CrossingOf(const ir::Value& input, const Halves& halves) const {
    Crossing crossing;
    crossing.name = input.name();
    crossing.type = input.type.element;
    crossing.shape = ShapeOf(input);
    for (size_t i = 0; i < made_.wire.size() && i < halves.crossing.size(); ++i) {
      if (halves.crossing[i] != input.name() || halves.crossing[i] == made_.wire[i].value) continue;
      crossing.packing = made_.wire[i].packing;
      crossing.scale = made_.wire[i].scale;
      crossing.zero_point = made_.wire[i].zero_point;
    }
    return crossing;
  }

  const Decision& made_;
  const PlaceSpec& spec_;
  const fs::path& folder_;
  const Candidate& candidate_;
  Plan plan_;
};

}  // namespace

Result<Plan> WriteDecision(const Decision& decision, const fs::path& folder) {
  return Writer(decision, folder).Run();
}

}  // namespace shoehorn::place
