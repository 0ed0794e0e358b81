// shoehorn report and the documented JSON of shoehorn show, by running the program.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "fit/result_json.h"
#include "support/files.h"
#include "support/sample_result.h"
#include "support/schema.h"

namespace shoehorn {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Outcome {
  int code = -1;
  std::string output;  ///< both streams
};

Outcome RunProgram(const std::string& arguments) {
  Outcome outcome;
  FILE* pipe = ::popen((std::string(SHOEHORN_PROGRAM) + " " + arguments + " 2>&1").c_str(), "r");
  char buffer[65536];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) outcome.output.append(buffer, n);
  const int status = ::pclose(pipe);
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  return outcome;
}

class ReportCommand : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  std::string Write(const std::string& text) {
    EXPECT_TRUE(WriteAtomically(folder_ / "result.json", text).ok());
    return (folder_ / "result.json").string();
  }
  const fs::path folder_ = fs::temp_directory_path() / ("shoehorn-report-" + std::to_string(::getpid()));
};

TEST_F(ReportCommand, ShowsAnEarlierFitAndMakesItsPage) {
  const std::string result = Write(fit::ToJson(testing::SampleResult()));
  const fs::path page = folder_ / "page.html";
  const Outcome outcome = RunProgram("report " + result + " --html " + page.string());
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.output, StartsWith("device   AMD EPYC"));
  EXPECT_EQ(outcome.output.find('\x1b'), std::string::npos);
  const auto html = ReadText(page);
  ASSERT_TRUE(html.ok());
  EXPECT_THAT(html->substr(0, 200), StartsWith("<!doctype html>"));
}

TEST_F(ReportCommand, TheExitCodeIsTheVerdict) {
  fit::FitResult result = testing::SampleResult();
  result.met = false;
  EXPECT_EQ(RunProgram("report " + Write(fit::ToJson(result))).code, 1);
}

TEST_F(ReportCommand, RefusesWhatIsNotAResult) {
  const Outcome cut = RunProgram("report " + Write(fit::ToJson(testing::SampleResult()).substr(0, 5000)));
  EXPECT_EQ(cut.code, 2);
  EXPECT_THAT(cut.output, HasSubstr("result.json"));
  EXPECT_THAT(cut.output, HasSubstr("not JSON, or cut off"));
  EXPECT_EQ(RunProgram("report " + (folder_ / "absent.json").string()).code, 2);
}

TEST(ShowCommand, ItsJsonFollowsTheDocumentedSchema) {
  const fs::path models = fs::path(SHOEHORN_DEPS_DIR) / "models";
  if (!fs::exists(models)) GTEST_SKIP() << "the public models are not set up";
  for (const char* const model : {"ch_ppocr_mobile_v2.0_cls_infer.onnx", "silero_vad.onnx"}) {
    const Outcome outcome = RunProgram("show " + (models / model).string() + " --json -");
    EXPECT_EQ(outcome.code, 0) << outcome.output;
    EXPECT_EQ(testing::SchemaComplaint("show.schema.json", outcome.output), "") << model;
  }
}

}  // namespace
}  // namespace shoehorn
