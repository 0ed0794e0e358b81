#include "support/sample_check.h"

#include "formats/onnx.h"
#include "targets/constraints.h"

namespace shoehorn::testing {
namespace {

using targets::Grade;

const targets::Accelerator& Toy() {
  static const targets::Accelerator toy = {
      .name = "toy",
      .title = "Toy",
      .runtime = "Toy 1.0",
      .source = "toy manual 1.0",
      .complete = true,
      .everywhere = {targets::StaticShapes()},
      .rows = {{.op_types = {"Relu", "Conv"}, .source = "https://toy.example/manual#relu"},
               {.op_types = {"Mul"}, .grade = Grade::kEmulated, .remark = "runs as a convolution"},
               {.op_types = {"BatchNormalization"},
                .grade = Grade::kUnsupported,
                .remark = "Mul and Add",
                .cures = {"decompose_batch_norm"}},
               {.op_types = {"GlobalLpPool"},
                .grade = Grade::kUnsupported,
                .remark = "GlobalAveragePool",
                .advice = "train with GlobalAveragePool"},
               {.op_types = {"Sin"}, .grade = Grade::kUnknown, .remark = "nobody says"}},
  };
  return toy;
}

std::unique_ptr<ir::Model> Parse(const std::string& graph) {
  auto model = formats::ParseText("<ir_version: 8, opset_import: [\"\" : 17]>\n" + graph);
  SHOEHORN_CHECK(model.ok(), model.error().Text());
  const auto inferred = formats::MakeTypeInference(**model)->InferGraph(*(*model)->graph);
  SHOEHORN_CHECK(inferred.ok(), inferred.error().Text());
  return std::move(model).value();
}

std::unique_ptr<ir::Model> AsItComes() {
  return Parse(R"(
    g (float[1,2,8,8] x, float[batch,2] z, float[2] s) => (float[1,2,1,1] y, float[batch,2] w) {
      [bn1] a = BatchNormalization (x, s, s, s, s)
      [relu1] b = Relu (a)
      [bn2] c = BatchNormalization (b, s, s, s, s)
      [relu2] d = Relu (c)
      [bn3] e = BatchNormalization (d, s, s, s, s)
      [sine] f = Sin (e)
      [scale] h = Mul (f, f)
      [pool] y = GlobalLpPool (h)
      [open] w = Relu (z)
    })");
}

SampleCheck Start() {
  SampleCheck sample;
  sample.model = AsItComes();
  sample.report.model = "models/a b.onnx";
  sample.report.profile.name = "toy-1";
  sample.report.profile.title = "A toy board";
  sample.report.profile.accelerator = "toy";
  sample.report.before.check = targets::Check(*sample.model, Toy(), sample.report.profile);
  return sample;
}

}  // namespace

SampleCheck RulesOnly() {
  SampleCheck sample = Start();
  sample.report.judge_missing = "the compiler is not installed; run make vendors";
  sample.report.advice = targets::AdviseTraining(*sample.model, sample.report.before.check);
  return sample;
}

SampleCheck RepairedAndJudged() {
  SampleCheck sample = Start();
  report::CheckReport& report = sample.report;
  sample.repaired = Parse(R"(
    g (float[1,2,8,8] x, float[1,2] z, float[2,1,1] s) => (float[1,2,1,1] y, float[1,2] w) {
      [bn1_mul] a = Mul (x, s)
      [relu1] b = Relu (a)
      [sine] f = Sin (b)
      [pool] y = GlobalLpPool (f)
      [open] w = Relu (z)
    })");
  targets::Judgement judgement;
  judgement.judge = "toyc";
  judgement.version = "toyc 3.1";
  judgement.nodes = {{"bn1_mul", "Mul", true, 0, ""},
                     {"relu1", "Relu", false, -1, "no room for relu1"},
                     {"sine", "Sin", true, 1, ""},
                     {"pool", "GlobalLpPool", false, -1, "GlobalLpPool is not known"}};
  judgement.islands = 2;
  judgement.cpu_operators = 2;
  judgement.seconds = 0.5;
  report::Answer after;
  after.check = targets::Check(*sample.repaired, Toy(), report.profile);
  after.agreement = targets::Compare(after.check, judgement);
  targets::Adopt(judgement, *sample.repaired, after.check);
  after.judgement = judgement;
  judgement.nodes.clear();
  judgement.died = "was killed by signal 11 (SIGSEGV)";
  report.before.judgement = judgement;
  report.rewrites = {{"merge_arithmetic", "scale", "because"}};
  report.pinned = {"the first dimension of input 'z' to 1"};
  report.repairs = {{"decompose_batch_norm",
                     3,
                     {"bn1", "bn2", "bn3"},
                     "",
                     report.before.check.summary,
                     after.check.summary}};
  report.given_up = {"fuse_nothing: the judge takes no more of the model with it"};
  report.advice = targets::AdviseTraining(*sample.repaired, after.check);
  report.repaired_model = "out.onnx";
  report.after = std::move(after);
  return sample;
}

}  // namespace shoehorn::testing
