#include "fit/result_json.h"

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "support/files.h"
#include "support/sample_result.h"
#include "support/schema.h"

namespace shoehorn::fit {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

std::string Complaint(const std::string& text) {
  return testing::SchemaComplaint("result.schema.json", text);
}

TEST(ResultJson, FollowsTheDocumentedSchema) {
  EXPECT_EQ(Complaint(ToJson(testing::SampleResult())), "");
  EXPECT_EQ(Complaint(ToJson(FitResult{})), "");
}

TEST(ResultJson, TheSchemaRefusesWhatIsNotDocumented) {
  const Json good = Json::parse(ToJson(testing::SampleResult()));
  Json bad = good;
  bad["verdict"] = "perhaps";
  EXPECT_NE(Complaint(bad.dump()), "");
  bad = good;
  bad["candidates"][2]["latency_ms"].erase("p50");
  EXPECT_NE(Complaint(bad.dump()), "");
  bad = good;
  bad["chosen"]["extra"] = 1;
  EXPECT_NE(Complaint(bad.dump()), "");
}

TEST(ResultJson, EveryKeyIsInTheManual) {
  const auto manual = ReadText(std::string(SHOEHORN_SOURCE_DIR) + "/docs/result-schema.md");
  ASSERT_TRUE(manual.ok());
  const std::function<void(const Json&)> look = [&](const Json& json) {
    if (json.is_object())
      for (const auto& [key, value] : json.items()) {
        const bool engine = key == "onnxruntime" || key == "openvino";
        EXPECT_TRUE(engine || manual->find("`" + key) != std::string::npos) << key;
        look(value);
      }
    if (json.is_array() && !json.empty()) look(json.front());
  };
  look(Json::parse(ToJson(testing::SampleResult())));
}

TEST(ResultJson, RoundTripKeepsEveryByte) {
  const std::string text = ToJson(testing::SampleResult());
  const auto back = ResultFromJson(text, "result.json");
  ASSERT_TRUE(back.ok()) << back.error().Text();
  EXPECT_EQ(ToJson(*back), text);
  EXPECT_EQ(back->chosen, testing::SampleResult().chosen);
  EXPECT_TRUE(back->met);
}

TEST(ResultJson, UnknownNumbersAreNullAndComeBackUnknown) {
  Candidate candidate;
  candidate.id = "a";
  candidate.latency.p50 = std::numeric_limits<double>::infinity();
  const std::string text = ToJson(candidate);
  EXPECT_THAT(text, HasSubstr("\"p50\":null"));
  EXPECT_THAT(text, HasSubstr("\"size_bytes\":null"));
  const auto back = CandidateFromJson(text, "journal");
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(std::isnan(back->latency.p50));
}

TEST(ResultJson, NamesThatAreNotUtf8StillGiveJson) {
  FitResult result;
  result.rewrites = {{"fold_constants", "conv\xff\xfe", "because"}};
  EXPECT_EQ(Json::parse(ToJson(result))["rewrites"][0]["node"], "conv\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(ResultJson, FaultsNameTheKey) {
  const auto text_of = [](const Json& json) {
    return ResultFromJson(json.dump(), "out/result.json").error().Text();
  };
  const Json good = Json::parse(ToJson(testing::SampleResult()));

  EXPECT_THAT(ResultFromJson("{\"schema\": ", "out/result.json").error().Text(),
              HasSubstr("not JSON, or cut off"));
  Json bad = good;
  bad["schema"] = "shoehorn.result/7";
  EXPECT_THAT(text_of(bad), HasSubstr("schema: 'shoehorn.result/7'"));
  bad = good;
  bad["candidates"][2]["latency_ms"]["p50"] = "fast";
  EXPECT_THAT(text_of(bad), HasSubstr("out/result.json: candidates[2].latency_ms.p50: string"));
  bad = good;
  bad["layers"][1].erase("time_ms");
  EXPECT_THAT(text_of(bad), HasSubstr("layers[1].time_ms: the key is missing"));
  bad = good;
  bad["candidates"][0]["state"] = "lost";
  EXPECT_THAT(text_of(bad), HasSubstr("expected: measured, pruned, failed or skipped"));
  bad = good;
  bad["nodes_before"] = -1;
  EXPECT_THAT(text_of(bad), HasSubstr("nodes_before"));
  EXPECT_THAT(text_of(Json::array()), HasSubstr("array"));
}

TEST(ConfidenceOf, ComesFromTheDistanceInIntervals) {
  EXPECT_DOUBLE_EQ(ConfidenceOf(Exactly(3), 5), 1);
  EXPECT_NEAR(ConfidenceOf({2.0, 1.5, 2.5}, 2.0), 0.5, 1e-12);
  EXPECT_NEAR(ConfidenceOf({2.0, 1.5, 2.5}, 1.5), 0.975, 1e-3);
  EXPECT_NEAR(ConfidenceOf({2.0, 1.5, 2.5}, 2.5), 0.975, 1e-3);
  EXPECT_TRUE(std::isnan(ConfidenceOf({}, 2.5)));
}

}  // namespace
}  // namespace shoehorn::fit
