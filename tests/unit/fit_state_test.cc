// A fit's memory: what was finished is found again by the same key, forgotten under another, and never half
// there.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>

#include "fit/state.h"
#include "support/files.h"

namespace shoehorn::fit {
namespace {

namespace fs = std::filesystem;

class StateTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("fit_state_test-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::unique_ptr<State> Open(const std::string& key) {
    auto state = State::Open(folder_ / "out", key);
    EXPECT_TRUE(state.ok());
    return state.ok() ? std::move(state).value() : nullptr;
  }
  fs::path folder_;
};

TEST_F(StateTest, RemembersUnderTheSameKeyOnly) {
  Candidate candidate;
  candidate.id = "openvino-bf16-1t";
  candidate.state = CandidateState::kMeasured;
  candidate.speedup = {1.5, 1.4, 1.6};
  {
    const auto state = Open("a");
    EXPECT_FALSE(state->resumed());
    ASSERT_TRUE(state->Save(candidate).ok());
    ASSERT_TRUE(state->SaveRows("rows.json", {{1, 0.1}, {}, {std::nan(""), -2}}).ok());
  }
  {
    const auto state = Open("a");
    EXPECT_TRUE(state->resumed());
    ASSERT_EQ(state->Candidates().size(), 1u);
    EXPECT_EQ(state->Candidates()[0].id, "openvino-bf16-1t");
    EXPECT_EQ(state->Candidates()[0].speedup.low, 1.4);
    const auto rows = state->Rows("rows.json");
    ASSERT_TRUE(rows.ok() && rows->has_value());
    EXPECT_EQ((**rows)[0], (data::Observation{1, 0.1}));
    EXPECT_TRUE((**rows)[1].empty());
    EXPECT_TRUE(std::isnan((**rows)[2][0]));
    const auto none = state->Rows("other.json");
    EXPECT_TRUE(none.ok() && !none->has_value());
  }
  const auto state = Open("b");
  EXPECT_FALSE(state->resumed());
  EXPECT_TRUE(state->Candidates().empty());
  EXPECT_FALSE(state->Has("rows.json"));
}

TEST_F(StateTest, OneFitAtATime) {
  const auto first = Open("a");
  const auto second = State::Open(folder_ / "out", "a");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().found, "another process is at work on the same output");
}

TEST_F(StateTest, ASpoiledCandidateIsLeftOut) {
  const auto state = Open("a");
  ASSERT_TRUE(state->Write("candidates/x.json", "{\"id\": \"x\", \"eng").ok());
  EXPECT_TRUE(state->Candidates().empty());
  ASSERT_TRUE(state->Write("rows.json", "[[1, 2").ok());
  EXPECT_FALSE(state->Rows("rows.json").ok());
}

TEST_F(StateTest, RemoveLeavesNothing) {
  Open("a")->Remove();
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(StateTest, CalibrationSurvivesTheWayToTheDisk) {
  quant::CalibrationTable table;
  table["x\"1"].min_max = {-1.5, 2.25, 40};
  table["x\"1"].entropy = {-1, 2, 41};
  table["x\"1"].channels = {{-1.0f, 2.0f, 0.1f, 0.7f}};
  const auto back = CalibrationFromJson(ToJson(table), "c.json");
  ASSERT_TRUE(back.ok());
  const auto& ranges = back->at("x\"1");
  EXPECT_EQ(ranges.min_max.low, -1.5);
  EXPECT_EQ(ranges.entropy.sqnr_db, 41);
  ASSERT_EQ(ranges.channels.size(), 1u);
  EXPECT_EQ(ranges.channels[0].low, -1.0f);
  EXPECT_EQ(ranges.channels[0].mean, 0.1f);
  EXPECT_EQ(ranges.channels[0].power, 0.7f);
  EXPECT_FALSE(CalibrationFromJson("[[\"x\"]]", "c.json").ok());
}

TEST_F(StateTest, TheKeyDependsOnSpecModelAndSamples) {
  const auto write = [&](const char* name, const char* text) {
    EXPECT_TRUE(WriteAtomically(folder_ / name, text).ok());
  };
  write("spec.toml", "a");
  write("m.onnx", "m");
  fs::create_directory(folder_ / "samples");
  write("samples/1.npy", "1");
  Spec spec;
  spec.file = folder_ / "spec.toml";
  spec.model = folder_ / "m.onnx";
  spec.evaluation.folder = folder_ / "samples";
  const std::string first = *StateKey(spec, "1");
  EXPECT_EQ(*StateKey(spec, "1"), first);
  EXPECT_NE(*StateKey(spec, "2"), first);
  write("samples/2.npy", "2");
  const std::string second = *StateKey(spec, "1");
  EXPECT_NE(second, first);
  write("m.onnx.data", "w");
  const std::string third = *StateKey(spec, "1");
  EXPECT_NE(third, second);
  write("spec.toml", "b");
  EXPECT_NE(*StateKey(spec, "1"), third);
}

}  // namespace
}  // namespace shoehorn::fit
