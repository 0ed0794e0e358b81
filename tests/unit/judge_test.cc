#include "targets/judge.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "formats/onnx.h"
#include "support/files.h"
#include "support/scratch.h"

namespace shoehorn::targets {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kPlain = R"(
<ir_version: 8, opset_import: ["" : 17]>
plain (float[1,4,8,8] x) => (float[1,4,8,8] y)
{
  [first] a = Relu(x)
  [second] y = Sigmoid(a)
}
)";

// MaxPool over three dimensions stays on the CPU and parts the rest in two islands.
constexpr const char* kPool3d = R"(
<ir_version: 8, opset_import: ["" : 17]>
pool (float[1,1,4,8,8] x) => (float[1,1,4,7,7] y)
{
  [before] a = Relu(x)
  [pool] b = MaxPool<kernel_shape = [1, 2, 2]>(a)
  [after] y = Sigmoid(b)
}
)";

/// An environment variable for the time of a test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name); old != nullptr) old_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { old_.has_value() ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

class JudgeTest : public ::testing::Test {
 protected:
  JudgeRequest Request(const char* text, std::map<std::string, std::string> options) {
    JudgeRequest request;
    request.model = scratch_.path() / "model.onnx";
    request.options = std::move(options);
    const auto model = formats::ParseText(text);
    EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().Text());
    EXPECT_TRUE(formats::SaveOnnx(**model, request.model).ok());
    return request;
  }
  JudgeRequest Qnn(const char* text, const char* soc = "57") { return Request(text, {{"soc_model", soc}}); }

  std::string Message(std::string_view judge, const JudgeRequest& request, const JudgeLimits& limits = {}) {
    const auto judgement = AskJudge(judge, request, limits);
    if (!judgement.ok()) return judgement.error().Text();
    return judgement->died.has_value() ? "died: " + *judgement->died : "judged";
  }

  testing::Scratch scratch_;
  Variable worker_{"SHOEHORN_JUDGE_WORKER", SHOEHORN_PROGRAM};
};

const JudgedNode& NodeOf(const Judgement& judgement, const std::string& name) {
  static const JudgedNode none;
  const auto found = std::ranges::find(judgement.nodes, name, &JudgedNode::name);
  if (found != judgement.nodes.end()) return *found;
  ADD_FAILURE() << "nothing was said of node '" << name << "'";
  return none;
}

TEST_F(JudgeTest, AnUnknownOneIsADiagnosticThatSuggests) {
  EXPECT_THAT(Message("qnm", Qnn(kPlain)),
              AllOf(HasSubstr("unknown judge 'qnm'"), HasSubstr("did you mean 'qnn'?")));
}

// ---- A worker that is not what it should be
// -----------------------------------------------------------------

class BadJudgeWorkerTest : public JudgeTest {
 protected:
  std::string After(const std::string& script) {
    const fs::path program = scratch_.Write("program", "#!/bin/sh\nread request\n" + script + "\n");
    fs::permissions(program, fs::perms::owner_all);
    const Variable worker("SHOEHORN_JUDGE_WORKER", program.string());
    JudgeLimits limits;
    limits.timeout = std::chrono::seconds(2);
    return Message("qnn", Qnn(kPlain), limits);
  }
};

TEST_F(BadJudgeWorkerTest, EveryEndIsSaid) {
  EXPECT_EQ(After("echo stack smashed >&2; kill -SEGV $$"),
            "died: was killed by signal 11 (SIGSEGV); its last words: stack smashed");
  EXPECT_EQ(After("exit 3"), "died: ended with exit code 3");
  EXPECT_EQ(After("exec sleep 1000"), "died: gave no answer within 2000 ms and was killed");
  EXPECT_EQ(After("echo Segmentation is fun"),
            "died: printed something other than an answer: Segmentation is fun");
  EXPECT_EQ(After("echo '{\"answer\": 42}'"),
            "died: printed something other than an answer: {\"answer\": 42}");
}

TEST_F(BadJudgeWorkerTest, CtrlCIsNotTheCompilersFault) {
  const fs::path program = scratch_.Write("program", "#!/bin/sh\nexec sleep 1000\n");
  fs::permissions(program, fs::perms::owner_all);
  const Variable worker("SHOEHORN_JUDGE_WORKER", program.string());
  const std::function<bool()> stop = [] { return true; };
  JudgeLimits limits;
  limits.stop = &stop;
  const auto judgement = AskJudge("qnn", Qnn(kPlain), limits);
  ASSERT_FALSE(judgement.ok());
  EXPECT_EQ(judgement.error().blame, Blame::kInterrupted);
}

// ---- A vendor's library that is not what it should be
// -------------------------------------------------------

class BadVendorTest : public JudgeTest {
 protected:
  /// What comes of a library that behaves like that.
  std::string With(const char* how, JudgeLimits limits = {}) {
    const Variable library("SHOEHORN_QNN", SHOEHORN_MISBEHAVING_VENDOR);
    const Variable mode("SHOEHORN_TEST_VENDOR", how);
    return Message("qnn", Qnn(kPlain), limits);
  }
};

TEST_F(BadVendorTest, EveryEndIsSaid) {
  EXPECT_THAT(With("crashes"), StartsWith("died: was killed by signal 11 (SIGSEGV)"));
  EXPECT_THAT(With("exits"), StartsWith("died: ended with exit code 7"));
  JudgeLimits limits;
  limits.timeout = std::chrono::seconds(3);
  EXPECT_THAT(With("hangs", limits), StartsWith("died: gave no answer within 3000 ms and was killed"));
}

TEST_F(BadVendorTest, OneThatEatsMemoryIsKilled) {
  const Variable library("SHOEHORN_QNN", SHOEHORN_MISBEHAVING_VENDOR);
  const Variable mode("SHOEHORN_TEST_VENDOR", "hungry");
  JudgeLimits limits;
  limits.memory_bytes = uint64_t{400} << 20;
  const auto judgement = AskJudge("qnn", Qnn(kPlain), limits);
  ASSERT_TRUE(judgement.ok()) << judgement.error().Text();
  EXPECT_EQ(judgement->died, "wanted more than 400 MiB of memory and was killed");
  EXPECT_GT(judgement->peak_bytes, limits.memory_bytes);
  EXPECT_THAT(judgement->nodes, IsEmpty());
}

TEST_F(BadVendorTest, WhatItPrintsIsNoAnswer) {
  EXPECT_THAT(With("prints"), AllOf(HasSubstr("ONNX Runtime cannot use Qualcomm's library"),
                                    HasSubstr("this library offers nothing"), HasSubstr("make vendors")));
}

TEST_F(BadVendorTest, MissingBrokenAndOld) {
  {
    const Variable library("SHOEHORN_QNN", "/no/such/folder");
    EXPECT_THAT(Message("qnn", Qnn(kPlain)),
                AllOf(HasSubstr("/no/such/folder: onnxruntime-qnn is not installed"),
                      HasSubstr("run 'make vendors'")));
    EXPECT_FALSE(FindJudge("qnn")->Installed().ok());
  }
  const fs::path library =
      scratch_.Write("qnn/onnxruntime_qnn/libonnxruntime_providers_qnn.so", "no library");
  const Variable place("SHOEHORN_QNN", (scratch_.path() / "qnn").string());
  EXPECT_THAT(Message("qnn", Qnn(kPlain)),
              AllOf(HasSubstr(library.string()), HasSubstr("cannot use Qualcomm's library")));
  fs::create_directories(scratch_.path() / "qnn/onnxruntime_qnn-1.20.0.dist-info");
  EXPECT_THAT(Message("qnn", Qnn(kPlain)), AllOf(HasSubstr("onnxruntime-qnn 1.20.0"),
                                                 HasSubstr("expected: onnxruntime-qnn 2.7 or newer")));
}

// ---- Qualcomm's own compiler
// --------------------------------------------------------------------------------

class QnnTest : public JudgeTest {
 protected:
  void SetUp() override {
    if (!FindJudge("qnn")->Installed().ok())
      GTEST_SKIP() << "onnxruntime-qnn is not installed: run 'make vendors'";
  }
  Judgement Ask(const JudgeRequest& request) {
    auto judgement = AskJudge("qnn", request);
    EXPECT_TRUE(judgement.ok()) << (judgement.ok() ? "" : judgement.error().Text());
    if (!judgement.ok()) return {};
    EXPECT_FALSE(judgement->died.has_value()) << *judgement->died;
    return std::move(judgement).value();
  }
};

TEST_F(QnnTest, TakesAWholeModel) {
  const Judgement judgement = Ask(Qnn(kPlain));
  EXPECT_EQ(judgement.islands, 1u);
  EXPECT_EQ(judgement.cpu_operators, 0u);
  EXPECT_TRUE(NodeOf(judgement, "first").accepted);
  EXPECT_EQ(NodeOf(judgement, "second").island, 0);
  EXPECT_THAT(judgement.version, StartsWith("onnxruntime-qnn 2.7.0 on ONNX Runtime 1."));
  EXPECT_GT(judgement.seconds, 0);
  EXPECT_GT(judgement.peak_bytes, uint64_t{32} << 20);
}

TEST_F(QnnTest, SaysWhyANodeIsRefused) {
  const Judgement judgement = Ask(Qnn(kPool3d));
  EXPECT_EQ(judgement.islands, 2u);
  EXPECT_EQ(judgement.cpu_operators, 1u);
  const JudgedNode& pool = NodeOf(judgement, "pool");
  EXPECT_FALSE(pool.accepted);
  EXPECT_EQ(pool.island, -1);
  EXPECT_THAT(pool.words, HasSubstr("PoolMax3d"));
  EXPECT_TRUE(NodeOf(judgement, "before").accepted);
  EXPECT_NE(NodeOf(judgement, "before").island, NodeOf(judgement, "after").island);
}

TEST_F(QnnTest, NamesThatAreMissingOrStandTwiceAreNoObstacle) {
  const Judgement judgement = Ask(Qnn(R"(
<ir_version: 8, opset_import: ["" : 17]>
pool (float[1,1,4,8,8] x) => (float[1,1,4,7,7] y)
{
  [same] a = Relu(x)
  b = MaxPool<kernel_shape = [1, 2, 2]>(a)
  [same] y = Sigmoid(b)
}
)"));
  EXPECT_THAT(NodeOf(judgement, "b").words, HasSubstr("PoolMax3d"));
  EXPECT_EQ(std::ranges::count(judgement.nodes, "same", &JudgedNode::name), 2);
}

TEST_F(QnnTest, ConvolutionsKeepTheirNamesThroughTheCompilersLayout) {
  const Judgement judgement = Ask(Qnn(R"(
<ir_version: 8, opset_import: ["" : 17]>
conv (float[1,2,8,8] x) => (float[1,2,8,8] y)
<float[2,2,1,1] w = {1, 2, 3, 4}>
{
  [conv] a = Conv(x, w)
  [conv_token_7] y = Conv(a, w)
}
)"));
  EXPECT_EQ(judgement.islands, 1u);
  EXPECT_EQ(judgement.nodes.size(), 2u);  // and none of the Transpose that ONNX Runtime adds
  EXPECT_TRUE(NodeOf(judgement, "conv").accepted);
  EXPECT_TRUE(NodeOf(judgement, "conv_token_7").accepted);
}

TEST_F(QnnTest, AFloatModelOnAChipWithoutFp16IsRefusedInItsWords) {
  const Judgement judgement = Ask(Qnn(R"(
<ir_version: 8, opset_import: ["" : 17]>
conv (float[1,2,8,8] x) => (float[1,2,8,8] y)
<float[2,2,1,1] w = {1, 2, 3, 4}>
{
  [conv] a = Conv(x, w)
  [relu] y = Relu(a)
}
)",
                                      "35"));
  EXPECT_EQ(judgement.islands, 0u);
  EXPECT_EQ(judgement.cpu_operators, 2u);
  for (const char* name : {"conv", "relu"}) {
    EXPECT_FALSE(NodeOf(judgement, name).accepted);
    EXPECT_THAT(NodeOf(judgement, name).words, HasSubstr("doesn't support FP16"));
  }
}

TEST_F(QnnTest, WordsOfSeveralLinesAreOne) {
  const Judgement judgement = Ask(Qnn(R"(
<ir_version: 8, opset_import: ["" : 17]>
sine (float[1,4] x) => (float[1,4] y)
{
  [sine] y = Asin(x)
}
)"));
  const std::string& words = NodeOf(judgement, "sine").words;
  EXPECT_THAT(words, HasSubstr("Unsupported input/output datatypes"));
  EXPECT_EQ(words.find('\n'), std::string::npos);
}

TEST_F(QnnTest, QuantizedEdgesGoToTheNpu) {
  const Judgement judgement = Ask(Qnn(R"(
<ir_version: 8, opset_import: ["" : 17]>
int8 (float[1,4,8,8] x) => (float[1,4,8,8] y)
<float s = {0.1}, uint8 z = {128}>
{
  [quantize_in] xq = QuantizeLinear(x, s, z)
  [dequantize_in] xd = DequantizeLinear(xq, s, z)
  [relu] a = Relu(xd)
  [quantize_out] aq = QuantizeLinear(a, s, z)
  [dequantize_out] y = DequantizeLinear(aq, s, z)
}
)",
                                      "93"));
  EXPECT_EQ(judgement.islands, 1u);
  EXPECT_EQ(judgement.cpu_operators, 0u) << judgement.words;
}

TEST_F(QnnTest, AnOperatorOfAnUnknownDomainIsNamed) {
  const Judgement judgement = Ask(Qnn(R"(
<ir_version: 8, opset_import: ["" : 17, "my.domain" : 1]>
foreign (float[1,4] x) => (float[1,4] y)
{
  [relu] a = Relu(x)
  [foo] y = my.domain.Foo(a)
}
)"));
  EXPECT_EQ(judgement.islands, 0u);
  EXPECT_EQ(judgement.cpu_operators, 2u);
  EXPECT_THAT(judgement.words, HasSubstr("my.domain:Foo(-1) is not a registered function/op"));
  ASSERT_EQ(judgement.nodes.size(), 1u);
  EXPECT_EQ(judgement.nodes[0].name, "foo");
}

TEST_F(QnnTest, WritesTheCompiledModel) {
  JudgeRequest request = Qnn(kPlain);
  request.artifact = scratch_.path() / "compiled.onnx";
  const Judgement judgement = Ask(request);
  EXPECT_EQ(judgement.artifact, request.artifact) << judgement.artifact_words;
  EXPECT_TRUE(fs::exists(request.artifact));
  size_t binaries = 0;
  for (const auto& entry : fs::directory_iterator(scratch_.path()))
    binaries += entry.path().extension() == ".bin" ? 1 : 0;
  EXPECT_EQ(binaries, 1u);
}

TEST_F(QnnTest, WhatItWouldMisreadIsADiagnostic) {
  EXPECT_THAT(Message("qnn", Qnn(kPlain, "1234")),
              AllOf(HasSubstr("unknown soc_model '1234'"), HasSubstr("57 (SM8650)")));
  EXPECT_THAT(Message("qnn", Request(kPlain, {})), HasSubstr("no soc_model"));
  EXPECT_THAT(Message("qnn", Request(kPlain, {{"soc_model", "57"}, {"fp32", "1"}})),
              HasSubstr("unknown option 'fp32'"));
  JudgeRequest request = Qnn(kPlain);
  request.model = scratch_.path() / "none.onnx";
  EXPECT_THAT(Message("qnn", request), HasSubstr("none.onnx"));
}

// ---- OpenVINO
// -----------------------------------------------------------------------------------------------

TEST_F(JudgeTest, OpenvinoTakesAWholeModel) {
  const auto judgement = AskJudge("openvino", Request(kPlain, {}));
  ASSERT_TRUE(judgement.ok()) << judgement.error().Text();
  ASSERT_FALSE(judgement->died.has_value()) << *judgement->died;
  EXPECT_EQ(judgement->islands, 1u);
  EXPECT_EQ(judgement->cpu_operators, 0u);
  EXPECT_TRUE(NodeOf(*judgement, "first").accepted);
  EXPECT_TRUE(NodeOf(*judgement, "second").accepted);
  EXPECT_THAT(judgement->version, StartsWith("OpenVINO 20"));
}

TEST_F(JudgeTest, OpenvinoNamesTheOperatorThatItDoesNotKnow) {
  const auto judgement = AskJudge("openvino", Request(R"(
<ir_version: 8, opset_import: ["" : 17, "my.domain" : 1]>
unknown (float[2,4,4] x) => (float[2] y)
{
  [relu] a = Relu(x)
  [determinant] b = Det(a)
  [foo] y = my.domain.Foo(b)
}
)",
                                                      {}));
  ASSERT_TRUE(judgement.ok()) << judgement.error().Text();
  EXPECT_EQ(judgement->islands, 0u);
  EXPECT_EQ(judgement->cpu_operators, 3u);
  EXPECT_THAT(judgement->words, StartsWith("OpenVINO cannot read the model: "));
  EXPECT_EQ(judgement->nodes.size(), 2u) << judgement->words;
  EXPECT_THAT(NodeOf(*judgement, "determinant").words, HasSubstr("No conversion rule found"));
  EXPECT_FALSE(NodeOf(*judgement, "foo").accepted);
}

// ---- TensorRT's trtexec, played by a script
// -----------------------------------------------------------------

class TrtexecTest : public JudgeTest {
 protected:
  Result<Judgement> Ask(const std::string& script, std::map<std::string, std::string> options = {}) {
    const fs::path program = scratch_.Write("bin/trtexec", "#!/bin/sh\n" + script);
    fs::permissions(program, fs::perms::owner_all);
    const Variable path("PATH", program.parent_path().string() + ":/usr/bin:/bin");
    return AskJudge("tensorrt", Request(kPool3d, std::move(options)));
  }
};

TEST_F(TrtexecTest, NotInstalledSaysWhatToDo) {
  const Variable path("PATH", scratch_.path().string());
  EXPECT_THAT(Message("tensorrt", Request(kPlain, {})),
              AllOf(HasSubstr("TensorRT is not installed"), HasSubstr("put trtexec on the PATH")));
}

TEST_F(TrtexecTest, TakesAWholeModel) {
  const auto judgement = Ask(R"(echo "$@" >"$(dirname "$0")/../arguments"
echo '&&&& RUNNING TensorRT.trtexec [TensorRT v101300] [b35] # trtexec'
echo '[11/24/2026-21:00:00] [I] [TRT] Engine generation completed in 1.2 seconds.'
echo '&&&& PASSED TensorRT.trtexec [TensorRT v101300] [b35] # trtexec'
)",
                             {{"fp16", "1"}});
  ASSERT_TRUE(judgement.ok()) << judgement.error().Text();
  EXPECT_EQ(judgement->islands, 1u);
  EXPECT_EQ(judgement->cpu_operators, 0u);
  EXPECT_EQ(judgement->nodes.size(), 3u);
  EXPECT_TRUE(NodeOf(*judgement, "pool").accepted);
  EXPECT_EQ(judgement->version, "TensorRT 10.13.0");
  EXPECT_THAT(ReadText(scratch_.path() / "arguments").value(),
              AllOf(HasSubstr("--onnx="), HasSubstr("--skipInference"), HasSubstr("--fp16")));
}

TEST_F(TrtexecTest, NamesTheNodeThatItCannotParse) {
  const auto judgement = Ask(R"(echo '&&&& RUNNING TensorRT.trtexec [TensorRT v101300] [b35] # trtexec'
echo '[11/24/2026-21:00:00] [E] [TRT] ModelImporter.cpp:949: While parsing node number 1 [MaxPool -> "b"]:' >&2
echo '[11/24/2026-21:00:00] [E] [TRT] ModelImporter.cpp:950: --- Begin node ---' >&2
echo 'input: "a"' >&2
echo '[11/24/2026-21:00:00] [E] [TRT] ModelImporter.cpp:951: --- End node ---' >&2
echo '[11/24/2026-21:00:00] [E] [TRT] ModelImporter.cpp:953: ERROR: importerUtils.cpp:10 In function Pool:' >&2
echo '[8] Assertion failed: no such pool' >&2
echo '&&&& FAILED TensorRT.trtexec [TensorRT v101300] [b35] # trtexec' >&2
exit 1
)");
  ASSERT_TRUE(judgement.ok()) << judgement.error().Text();
  EXPECT_EQ(judgement->islands, 0u);
  EXPECT_EQ(judgement->cpu_operators, 3u);
  ASSERT_EQ(judgement->nodes.size(), 1u);
  EXPECT_EQ(judgement->nodes[0].name, "pool");
  EXPECT_EQ(judgement->nodes[0].words,
            "ERROR: importerUtils.cpp:10 In function Pool:; [8] Assertion failed: no such pool");
}

TEST_F(TrtexecTest, ACrashIsSaid) {
  const auto judgement = Ask("kill -SEGV $$\n");
  ASSERT_TRUE(judgement.ok()) << judgement.error().Text();
  EXPECT_THAT(judgement->died.value_or(""), HasSubstr("was killed by signal 11 (SIGSEGV)"));
}

}  // namespace
}  // namespace shoehorn::targets
