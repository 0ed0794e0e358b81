// Import and export of ONNX: names kept, every way to store a tensor, and files that lie.
#include <gmock/gmock.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include <cstdlib>
#include <fstream>

#include "formats/onnx.h"

namespace shoehorn::formats {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class OnnxFormat : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "shoehorn_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path Write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }

  /// y = x + w with w of two floats in an external file.
  static onnx::ModelProto WithExternal(const std::string& location, const std::string& offset = "0",
                                       const std::string& length = "8") {
    onnx::ModelProto model;
    model.set_ir_version(8);
    model.add_opset_import()->set_version(17);
    auto* graph = model.mutable_graph();
    graph->set_name("g");
    const auto port = [](onnx::ValueInfoProto* info, const char* name) {
      info->set_name(name);
      auto* tensor = info->mutable_type()->mutable_tensor_type();
      tensor->set_elem_type(onnx::TensorProto::FLOAT);
      tensor->mutable_shape()->add_dim()->set_dim_value(2);
    };
    port(graph->add_input(), "x");
    port(graph->add_output(), "y");
    auto* node = graph->add_node();
    node->set_op_type("Add");
    node->set_name("sum");
    node->add_input("x");
    node->add_input("w");
    node->add_output("y");
    auto* tensor = graph->add_initializer();
    tensor->set_name("w");
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    tensor->add_dims(2);
    tensor->set_data_location(onnx::TensorProto::EXTERNAL);
    AddEntry(*tensor, "location", location);
    AddEntry(*tensor, "offset", offset);
    AddEntry(*tensor, "length", length);
    return model;
  }
  static void AddEntry(onnx::TensorProto& tensor, const std::string& key, const std::string& value) {
    auto* added = tensor.add_external_data();
    added->set_key(key);
    added->set_value(value);
  }
  /// The same model with the bytes of `w` still to be set inside.
  static onnx::ModelProto WithInline(const std::function<void(onnx::TensorProto&)>& fill) {
    onnx::ModelProto model = WithExternal("");
    auto& tensor = *model.mutable_graph()->mutable_initializer(0);
    tensor.clear_external_data();
    tensor.clear_data_location();
    fill(tensor);
    return model;
  }

  static std::string ErrorOf(const onnx::ModelProto& model, const fs::path& at) {
    std::ofstream(at, std::ios::binary) << model.SerializeAsString();
    const auto loaded = LoadOnnx(at);
    return loaded.ok() ? "loaded" : loaded.error().Text();
  }
  std::string ErrorOf(const onnx::ModelProto& model) { return ErrorOf(model, folder_ / "m.onnx"); }

  fs::path folder_;
};

constexpr const char* kNamed =
    R"(<ir_version: 8, opset_import: ["" : 17, "com.acme" : 1], producer_name: "test">
g (float[1,N] x) => (float[1,N] y)
<float[2] scale = {1.0, 2.0}>
{
  [first] a = Relu(x)
  [mystery] b = com.acme.Strange <level: int = 3> (a, scale)
  [last] y = Neg(b)
})";

TEST_F(OnnxFormat, RoundTripKeepsEveryName) {
  const auto model = ParseText(kNamed);
  ASSERT_TRUE(model.ok()) << model.error().Text();
  ASSERT_TRUE(SaveOnnx(**model, folder_ / "a.onnx").ok());
  const auto again = LoadOnnx(folder_ / "a.onnx");
  ASSERT_TRUE(again.ok()) << again.error().Text();
  EXPECT_EQ(PrintText(**again), PrintText(**model));
  for (const char* name : {"first", "mystery", "last", "com.acme.Strange", "scale", "N"})
    EXPECT_THAT(PrintText(**again), HasSubstr(name));
}

TEST_F(OnnxFormat, ExportedModelsPassOnnxsOwnChecker) {
  const auto model = ParseText(kNamed);
  ASSERT_TRUE(model.ok());
  const auto bytes = SerializeOnnx(**model);
  ASSERT_TRUE(bytes.ok());
  onnx::ModelProto proto;
  ASSERT_TRUE(proto.ParseFromString(*bytes));
  EXPECT_NO_THROW(onnx::checker::check_model(proto));
}

// Files are written part by part, large weights straight from where they are; the result is one plain
// message.
TEST_F(OnnxFormat, LargeWeightsAreWrittenAsProtobufWouldWriteThem) {
  ir::Model model;
  model.ir_version = 8;
  model.opsets.push_back({"", 17});
  model.doc = "of the model";
  ir::Graph& graph = *model.graph;
  graph.name = "g";
  graph.doc = "of the graph";
  const std::vector<float> numbers(2000, 0.5F);
  ir::Value* value = &graph.AddConstant("large", ir::Tensor::Of<float>({2000}, numbers));
  for (const char* name : {"small", "second"}) {
    const size_t count = name == std::string_view("small") ? 1 : numbers.size();
    ir::Value& other = graph.AddConstant(
        name, ir::Tensor::Of<float>({static_cast<int64_t>(count)}, std::vector<float>(count, 2.0F)));
    value = graph.AddNode("Add", name, {value, &other}).output();
  }
  value->type = graph.FindValue("large")->type;
  graph.AddOutput(*value);
  const std::string bytes = SerializeOnnx(model).value();
  onnx::ModelProto proto;
  ASSERT_TRUE(proto.ParseFromString(bytes));
  onnx::checker::check_model(proto);
  EXPECT_EQ(proto.ByteSizeLong(), bytes.size());
  EXPECT_EQ(proto.graph().name(), "g");
  EXPECT_EQ(proto.graph().doc_string(), "of the graph");
  EXPECT_EQ(proto.doc_string(), "of the model");
  ASSERT_EQ(proto.graph().initializer_size(), 3);
  EXPECT_EQ(proto.graph().initializer(2).raw_data().size(), 8000U);
  ASSERT_TRUE(SaveOnnx(model, folder_ / "m.onnx").ok());
  std::ifstream file(folder_ / "m.onnx", std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), bytes);
}

TEST_F(OnnxFormat, UnsortedNodesAreSortedAndCyclesRefused) {
  onnx::ModelProto model = WithExternal("w.bin");
  Write("w.bin", std::string(8, '\0'));
  auto* late = model.mutable_graph()->add_node();  // makes what the first node reads
  late->set_op_type("Relu");
  late->add_input("x");
  late->add_output("z");
  model.mutable_graph()->mutable_node(0)->set_input(0, "z");
  EXPECT_EQ(ErrorOf(model), "loaded");
  late->set_input(0, "y");
  EXPECT_EQ(ErrorOf(model), "error: " + (folder_ / "m.onnx").string() +
                                ": graph 'g': its nodes form a cycle\n  expected: an acyclic graph\n"
                                "  fix: the file is damaged or was edited by hand: export the model again");
}

TEST_F(OnnxFormat, ExternalDataIsRead) {
  const float values[2] = {1.5f, -2.0f};
  Write("w.bin", std::string(reinterpret_cast<const char*>(values), 8));
  const auto model = LoadOnnx(Write("m.onnx", WithExternal("w.bin").SerializeAsString()));
  ASSERT_TRUE(model.ok()) << model.error().Text();
  const ir::Value* w = (*model)->graph->FindValue("w");
  ASSERT_NE(w, nullptr);
  EXPECT_EQ(w->constant()->As<float>()[1], -2.0f);
}

TEST_F(OnnxFormat, ExternalDataMustStayInTheModelsFolder) {
  fs::create_directories(folder_ / "model");
  Write("secret", std::string(8, 's'));
  const fs::path at = folder_ / "model" / "m.onnx";
  EXPECT_THAT(ErrorOf(WithExternal("../secret"), at), HasSubstr("tensor 'w': external data at '../secret'"));
  EXPECT_THAT(ErrorOf(WithExternal((folder_ / "secret").string()), at),
              HasSubstr("a plain file inside the model's folder"));
  fs::create_symlink(folder_ / "secret", folder_ / "model" / "link");
  EXPECT_THAT(ErrorOf(WithExternal("link"), at), HasSubstr("'link' is a symbolic link"));
  fs::create_directory_symlink(folder_, folder_ / "model" / "up");
  EXPECT_THAT(ErrorOf(WithExternal("up/secret"), at), HasSubstr("'up' is a symbolic link"));
  fs::create_hard_link(folder_ / "secret", folder_ / "model" / "hard");
  EXPECT_THAT(ErrorOf(WithExternal("hard"), at), HasSubstr("more than one hard link"));
  EXPECT_THAT(ErrorOf(WithExternal("absent"), at), HasSubstr("'absent' is missing"));
  EXPECT_THAT(ErrorOf(WithExternal(""), at), HasSubstr("external data at ''"));
}

TEST_F(OnnxFormat, ExternalDataMustHoldTheTensor) {
  Write("w.bin", std::string(8, '\0'));
  EXPECT_THAT(ErrorOf(WithExternal("w.bin", "4")), HasSubstr("ends beyond 'w.bin' (8 bytes)"));
  EXPECT_THAT(ErrorOf(WithExternal("w.bin", "18446744073709551612")), HasSubstr("ends beyond 'w.bin'"));
  EXPECT_THAT(ErrorOf(WithExternal("w.bin", "0", "16")), HasSubstr("external data of 16 bytes"));
  EXPECT_THAT(ErrorOf(WithExternal("w.bin", "-1")), HasSubstr("external data offset '-1'"));
  onnx::ModelProto strange = WithExternal("w.bin");
  AddEntry(*strange.mutable_graph()->mutable_initializer(0), "command", "rm");
  EXPECT_THAT(ErrorOf(strange), HasSubstr("external data key 'command'"));
}

TEST_F(OnnxFormat, SavingExternalDataReplacesALinkInsteadOfFollowingIt) {
  Write("victim", "keep me");
  fs::create_symlink(folder_ / "victim", folder_ / "big.onnx.data");
  auto model = ParseText(R"(<ir_version: 8, opset_import: ["" : 17]>
g (float[512] x) => (float[512] y) { y = Relu(x) })");
  ASSERT_TRUE(model.ok());
  ir::Graph& graph = *(*model)->graph;
  ir::Value& w = graph.AddConstant("w", ir::Tensor::Of<float>({512}, std::vector<float>(512, 2)));
  graph.AddNode("Add", "sum", {graph.inputs()[0], &w});
  ASSERT_TRUE(SaveOnnx(**model, folder_ / "big.onnx", true).ok());
  std::ifstream victim(folder_ / "victim");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(victim), {}), "keep me");
  const auto again = LoadOnnx(folder_ / "big.onnx");
  ASSERT_TRUE(again.ok()) << again.error().Text();
  EXPECT_EQ(*(*again)->graph->FindValue("w")->constant(), *w.constant());
}

TEST_F(OnnxFormat, DamagedFilesAreRefusedByName) {
  const std::string bytes = WithExternal("w.bin").SerializeAsString();
  EXPECT_EQ(LoadOnnx(folder_ / "none.onnx").error().Text(),
            "error: " + (folder_ / "none.onnx").string() +
                ": cannot open: No such file or directory\n  fix: check the path");
  for (const std::string& damaged :
       {bytes.substr(0, bytes.size() / 2), std::string("garbage \xff\xff"), std::string()}) {
    const auto loaded = LoadOnnx(Write("bad.onnx", damaged));
    ASSERT_FALSE(loaded.ok());
    EXPECT_THAT(loaded.error().Text(), HasSubstr("bad.onnx"));
  }
  EXPECT_FALSE(LoadOnnx(folder_).ok());
}

TEST_F(OnnxFormat, TensorsThatDoNotFitTheirShapeAreRefused) {
  onnx::ModelProto model = WithInline([](auto& tensor) { tensor.set_raw_data("1234"); });
  auto* tensor = model.mutable_graph()->mutable_initializer(0);
  EXPECT_THAT(ErrorOf(model), HasSubstr("tensor 'w': 4 bytes of data\n  expected: 8 bytes for its shape"));
  tensor->set_dims(0, -2);
  EXPECT_THAT(ErrorOf(model), HasSubstr("dimension -2"));
  tensor->set_dims(0, int64_t{1} << 62);
  tensor->add_dims(int64_t{1} << 62);
  EXPECT_THAT(ErrorOf(model), HasSubstr("overflows"));
  tensor->set_data_type(99);
  EXPECT_THAT(ErrorOf(model), HasSubstr("element type 99"));
}

TEST_F(OnnxFormat, EveryWayToStoreElementsIsRead) {
  using Proto = onnx::TensorProto;
  const auto stored = [](const std::function<void(Proto&)>& fill) {
    const auto loaded = ParseOnnx(WithInline(fill).SerializeAsString());
    EXPECT_TRUE(loaded.ok()) << loaded.error().Text();
    return loaded.ok() ? *(*loaded)->graph->FindValue("w")->constant() : ir::Tensor();
  };
  EXPECT_EQ(stored([](Proto& t) { t.add_float_data(1), t.add_float_data(2); }),
            ir::Tensor::Of<float>({2}, std::vector<float>{1, 2}));
  EXPECT_EQ(stored([](Proto& t) { t.set_data_type(Proto::INT8), t.add_int32_data(-1), t.add_int32_data(2); }),
            ir::Tensor::Of<int8_t>({2}, std::vector<int8_t>{-1, 2}));
  EXPECT_EQ(stored([](Proto& t) {
              t.set_data_type(Proto::FLOAT16), t.add_int32_data(0x3c00), t.add_int32_data(0xc000);
            }).ToDoubles(),
            (std::vector<double>{1, -2}));
  EXPECT_EQ(stored([](Proto& t) { t.set_data_type(Proto::INT4), t.add_int32_data(0x21); }).byte_size(), 1u);
  EXPECT_EQ(
      stored([](Proto& t) { t.set_data_type(Proto::UINT32), t.add_uint64_data(7), t.add_uint64_data(8); }),
      ir::Tensor::Of<uint32_t>({2}, std::vector<uint32_t>{7, 8}));
}

TEST_F(OnnxFormat, MalformedNodesAreNamed) {
  const auto error = [](const std::string& body) {
    const auto model = ParseText(
        R"(<ir_version: 8, opset_import: ["" : 17]> g (float[1,2,4,4] x) => (float[a,b,c,d] y) )" + body);
    if (!model.ok()) return model.error().Text();
    const auto types = MakeTypeInference(**model);
    const auto inferred = types->InferGraph(*(*model)->graph);
    return inferred.ok() ? std::string("accepted") : inferred.error().Text();
  };
  EXPECT_THAT(error("{ [c] y = Conv(x) }"), HasSubstr("node 'c' (Conv)"));
  EXPECT_THAT(error("{ [f] y = Flatten <axis = 9> (x) }"), HasSubstr("node 'f' (Flatten)"));
  EXPECT_THAT(error("{ [n] y = Relu(nothing) }"), HasSubstr("it reads 'nothing', which nothing makes"));
  EXPECT_THAT(error("{ [p] y = MaxPool <kernel_shape = [2,2], strides = [0,1]> (x) }"),
              HasSubstr("node 'p' (MaxPool)"));
  EXPECT_THAT(error("{ [d] y = Conv <dilations = [0,1]> (x, x) }"), HasSubstr("node 'd' (Conv)"));
  EXPECT_THAT(error("{ [g] y = Conv <group = 0> (x, x) }"), HasSubstr("node 'g' (Conv)"));
  EXPECT_THAT(error("<int32[1] zero = {0}> { [z] a = Cast <to = 6> (x) [q] y = Div(a, zero) }"),
              HasSubstr("node 'q' (Div): an integer division by the constant 0"));
  EXPECT_THAT(error("{ [s] y = Split <num_outputs = 0> (x) }"), HasSubstr("node 's' (Split)"));
}

}  // namespace
}  // namespace shoehorn::formats
