// The model repository: what a server reads, to the letter.
#include <gmock/gmock.h>

#include "formats/onnx.h"
#include "place/repository.h"
#include "support/files.h"
#include "support/quantized.h"
#include "support/scratch.h"

namespace shoehorn::place {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

HostOptions Options() {
  HostOptions options;
  options.name = "plates_tail";
  options.instances = 2;
  options.threads = 3;
  return options;
}

std::unique_ptr<ir::Model> Model() {
  return testing::ParseGraph(
      "g (float[1,8,4] x, uint8[2] b) => (float[1,8,4] y, int64[N] z) { y = Relu(x) z = Cast<to = 7>(b) }", 8,
      17);
}

TEST(RepositoryTest, WritesTheConfiguration) {
  const auto config = TritonConfig(*Model(), Options());
  ASSERT_TRUE(config.ok()) << config.error().Text();
  EXPECT_EQ(*config, R"(name: "plates_tail"
backend: "onnxruntime"
max_batch_size: 0
input {
  name: "x"
  data_type: TYPE_FP32
  dims: [ 1, 8, 4 ]
}
input {
  name: "b"
  data_type: TYPE_UINT8
  dims: [ 2 ]
}
output {
  name: "y"
  data_type: TYPE_FP32
  dims: [ 1, 8, 4 ]
}
output {
  name: "z"
  data_type: TYPE_INT64
  dims: [ -1 ]
}
instance_group {
  kind: KIND_CPU
  count: 2
}
parameters {
  key: "intra_op_thread_count"
  value: { string_value: "3" }
}
version_policy: { latest { num_versions: 2 } }
)");
}

TEST(RepositoryTest, RefusesWhatTheProtocolDoesNotCarry) {
  const auto scalar = testing::ParseGraph("g (float x) => (float y) { y = Relu(x) }", 8, 17);
  const auto config = TritonConfig(*scalar, Options());
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().Text(),
            "error: value 'x': it is a scalar\n"
            "  expected: at least one dimension, which the server's configuration asks for");
  const auto text = testing::ParseGraph("g (string[1] x) => (string[1] y) { y = Identity(x) }", 8, 17);
  const auto strings = TritonConfig(*text, Options());
  ASSERT_FALSE(strings.ok());
  EXPECT_THAT(strings.error().Text(), HasSubstr("value 'x': its element type is string"));
}

TEST(RepositoryTest, BoundsTheClustersScaling) {
  HostOptions options = Options();
  options.least_replicas = 0;
  options.most_replicas = 9;
  const std::string manifest = KserveManifest(options, "pvc://models/repository");
  EXPECT_THAT(manifest, HasSubstr("kind: InferenceService\nmetadata:\n  name: plates-tail\n"));
  EXPECT_THAT(manifest, HasSubstr("minReplicas: 0\n    maxReplicas: 9\n"));
  EXPECT_THAT(manifest, HasSubstr("storageUri: pvc://models/repository\n"));
}

TEST(RepositoryTest, WritesAFolderForAServer) {
  const testing::Scratch scratch;
  HostOptions options = Options();
  options.backend = "python";
  ASSERT_TRUE(WriteRepository(*Model(), options, scratch.path() / "repository").ok());
  const fs::path model = scratch.path() / "repository/plates_tail";
  EXPECT_TRUE(formats::LoadOnnx(model / "1/model.onnx").ok());
  const auto script = ReadText(model / "1/model.py");
  ASSERT_TRUE(script.ok());
  EXPECT_THAT(*script, HasSubstr("intra_op_num_threads = 3"));
  const auto config = ReadText(model / "config.pbtxt");
  ASSERT_TRUE(config.ok());
  EXPECT_THAT(*config, HasSubstr("backend: \"python\""));
  EXPECT_THAT(*config, ::testing::Not(HasSubstr("intra_op_thread_count")));
  EXPECT_TRUE(fs::exists(scratch.path() / "kserve.yaml"));
}

TEST(RepositoryTest, NamesThatServersTake) {
  EXPECT_EQ(ServerName("ch_PP-OCRv4 rec/infer"), "ch_PP-OCRv4_rec_infer");
  EXPECT_EQ(ServerName(".hidden"), "model.hidden");
  EXPECT_EQ(ServerName(""), "model");
}

}  // namespace
}  // namespace shoehorn::place
