// plan.json of placement: what was written is read back, each fault is named by its key, and files with other
// hashes are refused.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "place/plan.h"
#include "support/files.h"
#include "support/sample_plan.h"
#include "support/schema.h"
#include "support/scratch.h"

namespace shoehorn::place {
namespace {

using Json = nlohmann::ordered_json;

class PlacePlanTest : public ::testing::Test {
 protected:
  std::string ErrorAfter(const std::function<void(Json&)>& change) {
    Json json = Json::parse(PlanJson(testing::SamplePlan(scratch_)));
    change(json);
    return ErrorOf(json.dump());
  }
  std::string ErrorOf(const std::string& text) {
    const auto plan = LoadPlan(scratch_.Write("plan.json", text));
    return plan.ok() ? "" : scratch_.Masked(plan.error().Text());
  }

  testing::Scratch scratch_;
};

TEST_F(PlacePlanTest, IsReadAsItWasWritten) {
  const std::string text = PlanJson(testing::SamplePlan(scratch_));
  const auto plan = LoadPlan(scratch_.Write("plan.json", text));
  ASSERT_TRUE(plan.ok()) << plan.error().Text();
  EXPECT_EQ(PlanJson(*plan), text);
  EXPECT_EQ(plan->tail->inputs[0].packing, Packing::kInt8);
  EXPECT_EQ(plan->tail->inputs[0].type, ir::DataType::kUint8);
  EXPECT_EQ(plan->inputs[0].resize, data::Resize::kLetterbox);
  EXPECT_EQ(plan->events->value, 0.9);
  EXPECT_EQ(testing::SchemaComplaint("place-plan.schema.json", text), "");
}

TEST_F(PlacePlanTest, PartsThatAreNotThereHaveNoKey) {
  Plan plan = testing::SamplePlan(scratch_);
  plan.tail.reset(), plan.fallback.reset(), plan.cascade.reset(), plan.rule.reset(), plan.events.reset();
  const std::string text = PlanJson(plan);
  EXPECT_FALSE(Json::parse(text).contains("tail"));
  const auto read = LoadPlan(scratch_.Write("plan.json", text));
  ASSERT_TRUE(read.ok()) << read.error().Text();
  EXPECT_FALSE(read->tail || read->fallback || read->cascade || read->events);
  EXPECT_EQ(testing::SchemaComplaint("place-plan.schema.json", text), "");
}

TEST_F(PlacePlanTest, NamesTheKeyOfAFault) {
  EXPECT_EQ(ErrorOf("{\"schema\": "), "error: DIR/plan.json: not JSON, or cut off");
  EXPECT_EQ(ErrorOf("[]"), "error: DIR/plan.json: the value is of type array\n  expected: an object");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["schema"] = "shoehorn.plan/1"; }),
            "error: DIR/plan.json: schema: 'shoehorn.plan/1'\n  expected: shoehorn.place/1\n"
            "  fix: a plan of this kind is made by 'shoehorn place'");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["tail"]["inputs"][0].erase("shape"); }),
            "error: DIR/plan.json: tail.inputs[0].shape: the key is missing");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["fallback"]["thread"] = 2; }),
            "error: DIR/plan.json: fallback.thread: unknown key\n  fix: did you mean 'threads'?");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["head"]["threads"] = 1.5; }),
            "error: DIR/plan.json: head.threads: the value is of type number\n  expected: a whole number");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["head"]["threads"] = 5'000'000'000; }),
            "error: DIR/plan.json: head.threads: the value is of type number\n  expected: a whole number");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["tail"]["inputs"][0]["packing"] = "int4"; }),
            "error: DIR/plan.json: tail.inputs[0].packing: 'int4'\n  expected: one of none, float16, int8");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["deadline_s"] = nullptr; }),
            "error: DIR/plan.json: deadline_s: the value is of type null\n  expected: a number");
}

TEST_F(PlacePlanTest, RefusesContradictions) {
  EXPECT_EQ(ErrorAfter([](Json& json) { json["deadline_s"] = 0; }),
            "error: DIR/plan.json: deadline_s: 0\n  expected: above 0");
  EXPECT_EQ(ErrorAfter([](Json& json) { json.erase("head"), json.erase("tail"), json.erase("cascade"); }),
            "error: DIR/plan.json: neither a head nor a tail\n  expected: one that answers");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["tail"]["endpoint"]["address"] = "cloud"; }),
            "error: DIR/plan.json: tail.endpoint.address: 'cloud'\n  expected: \"host:port\"");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["tail"]["inputs"][0]["shape"][1] = -1; }),
            "error: DIR/plan.json: tail.inputs[0].shape: the dimension -1\n  expected: a size of at least 1");
  EXPECT_EQ(
      ErrorAfter([](Json& json) { json.erase("fallback"); }),
      "error: DIR/plan.json: cascade: there is no model on the device to ask first, or no tail to ask next\n"
      "  expected: a fallback and a tail");
  EXPECT_EQ(ErrorAfter([](Json& json) { json["events"]["when"] = "above"; }),
            "error: DIR/plan.json: events.when: 'above'\n  expected: max_above, min_below or argmax_is");
}

TEST_F(PlacePlanTest, SecretsCrossNoOpenLine) {
  const auto without_tls = [&](const char* address) {
    return ErrorAfter([&](Json& json) {
      json["tail"]["endpoint"]["tls"] = false;
      json["tail"]["endpoint"]["ca_file"] = "";
      json["tail"]["endpoint"]["address"] = address;
    });
  };
  EXPECT_EQ(without_tls("127.0.0.1:8001"), "");
  for (const char* address : {"cloud.example.org:8001", "127.example.org:8001"})
    EXPECT_EQ(without_tls(address),
              "error: DIR/plan.json: tail.endpoint.tls: a token would cross the network in the open\n"
              "  expected: tls true\n  fix: set tls, or leave the token out");
  const auto with_url = [&](const char* url) {
    return ErrorAfter([&](Json& json) { json["events"]["url"] = url; });
  };
  for (const char* url : {"https://example.org", "https://example.org:8443/events",
                          "http://127.0.0.1:80/events", "http://localhost/events", "http://[::1]:80/events"})
    EXPECT_EQ(with_url(url), "");
  for (const char* url :
       {"http://example.org/events", "http://127.example.org/", "http://localhost:1@example.org/", "https://",
        "ftp://example.org/", "http://[::1]@example.org/", "https://a@example.org/"})
    EXPECT_EQ(with_url(url),
              "error: DIR/plan.json: events.url: '" + std::string(url) +
                  "'\n  expected: an address that begins with https://\n  fix: plain http is for this "
                  "machine alone: http://127.0.0.1:8080/events");
}

TEST_F(PlacePlanTest, RefusesFilesOfAnotherModel) {
  const std::string text = PlanJson(testing::SamplePlan(scratch_));
  scratch_.Write("fallback.onnx", "other bytes");
  const std::string error = ErrorOf(text);
  EXPECT_TRUE(error.starts_with("error: DIR/fallback.onnx: the file has the hash xxh3:")) << error;
  EXPECT_NE(error.find(", so the plan was made for another model\n  expected: xxh3:"), std::string::npos)
      << error;
}

TEST_F(PlacePlanTest, WeightsBesideAModelBelongToItsHash) {
  const std::string text = PlanJson(testing::SamplePlan(scratch_));
  scratch_.Write("head.onnx.data", "weights");
  EXPECT_TRUE(ErrorOf(text).starts_with("error: DIR/head.onnx: the file has the hash xxh3:"));
}

TEST_F(PlacePlanTest, TheSourceMayStayBehind) {
  const std::string text = PlanJson(testing::SamplePlan(scratch_));
  std::filesystem::remove(scratch_.path() / "model.onnx");
  EXPECT_EQ(ErrorOf(text), "");
  std::filesystem::remove(scratch_.path() / "head.onnx");
  EXPECT_TRUE(ErrorOf(text).starts_with("error: DIR/head.onnx: ")) << ErrorOf(text);
}

}  // namespace
}  // namespace shoehorn::place
