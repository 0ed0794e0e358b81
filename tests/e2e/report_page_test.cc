// The page as a browser builds it, where Chromium is installed: its script must get through and show every
// section.
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "report/report.h"
#include "support/files.h"
#include "support/sample_result.h"

namespace shoehorn::report {
namespace {

namespace fs = std::filesystem;

bool HaveChromium() { return std::system("command -v chromium >/dev/null 2>&1") == 0; }

// The document after the page's script has run.
std::string Rendered(const fit::FitResult& result) {
  const fs::path folder = fs::temp_directory_path() / ("shoehorn-page-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  EXPECT_TRUE(WriteAtomically(folder / "report.html", PageHtml(result)).ok());
  const std::string command =
      "timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
      "--disable-background-networking "
      "--disable-component-update --disable-sync --virtual-time-budget=5000 --window-size=1280,1600 "
      "--user-data-dir='" +
      (folder / "profile").string() + "' --dump-dom 'file://" + (folder / "report.html").string() +
      "' 2>/dev/null";
  std::string document;
  FILE* pipe = ::popen(command.c_str(), "r");
  char buffer[65536];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) document.append(buffer, n);
  ::pclose(pipe);
  fs::remove_all(folder);
  return document.substr(0, document.find("<noscript>"));
}

bool Has(const std::string& page, const std::string& text) { return page.find(text) != std::string::npos; }

TEST(ReportPage, ABrowserShowsEverySection) {
  if (!HaveChromium()) GTEST_SKIP() << "chromium is not installed";
  const std::string document = Rendered(testing::SampleResult());
  for (const char* id : {"verdict", "candidates", "layers", "rewrites", "conditions"})
    EXPECT_TRUE(Has(document, "<section id=\"" + std::string(id) + "\"")) << id;
  EXPECT_TRUE(Has(document, "ctc_exact against latency of 10 candidates"));  // the plot is drawn
  EXPECT_TRUE(Has(document, "the spec's limit"));
  EXPECT_TRUE(Has(document, "time by type of layer"));
  EXPECT_TRUE(Has(document, "AMD EPYC"));
  EXPECT_TRUE(Has(document, "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;\\u001b[2J"));
  EXPECT_FALSE(Has(document, "<img"));
}

TEST(ReportPage, ThePlotNeedsNoLimits) {
  if (!HaveChromium()) GTEST_SKIP() << "chromium is not installed";
  fit::FitResult result = testing::SampleResult();
  result.requirements.clear();
  const std::string document = Rendered(result);
  EXPECT_TRUE(Has(document, "ctc_exact against latency of 10 candidates"));
  EXPECT_FALSE(Has(document, "the spec's limit"));
  EXPECT_TRUE(Has(document, "time by type of layer"));
}

TEST(ReportPage, AMetricMayBeBetterWhenLower) {
  if (!HaveChromium()) GTEST_SKIP() << "chromium is not installed";
  fit::FitResult result = testing::SampleResult();
  for (fit::Candidate& candidate : result.candidates) {
    candidate.metric.name = "ctc_cer";
    candidate.metric.higher_is_better = false;
    for (double* value :
         {&candidate.metric.score.value, &candidate.metric.score.low, &candidate.metric.score.high})
      *value = 1 - *value;
  }
  const std::string document = Rendered(result);
  EXPECT_TRUE(Has(document, "ctc_cer against latency of 10 candidates"));
  EXPECT_TRUE(Has(document, "the spec's limit"));
}

TEST(ReportPage, AResultWithNothingMeasuredIsStillAPage) {
  if (!HaveChromium()) GTEST_SKIP() << "chromium is not installed";
  fit::FitResult result;
  result.name = "model";
  result.explanation = "no engine could load the model";
  const std::string document = Rendered(result);
  EXPECT_TRUE(Has(document, "no engine could load the model"));
  EXPECT_TRUE(Has(document, "<section id=\"conditions\""));
}

}  // namespace
}  // namespace shoehorn::report
