#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "fit/result_json.h"
#include "report/report.h"
#include "support/sample_result.h"

namespace shoehorn::report {
namespace {

using ::testing::HasSubstr;

// What stands between two marks, the first time.
std::string Between(const std::string& text, const std::string& open, const std::string& close) {
  const size_t start = text.find(open) + open.size();
  return text.substr(start, text.find(close, start) - start);
}

// A matcher would print the whole page when it fails.
bool Has(const std::string& page, const std::string& text) { return page.find(text) != std::string::npos; }

const std::string& Page() {
  static const std::string page = PageHtml(testing::SampleResult());
  return page;
}

TEST(PageHtml, HoldsTheWholeResult) {
  const std::string json = Between(Page(), "<script type=\"application/json\" id=\"result\">", "</script>");
  EXPECT_EQ(nlohmann::json::parse(json), nlohmann::json::parse(fit::ToJson(testing::SampleResult())));
}

TEST(PageHtml, NamesFromModelsStayNames) {
  EXPECT_FALSE(Has(Page(), "<img src=x"));
  const std::string json = Between(Page(), "id=\"result\">", "</script>");
  EXPECT_THAT(json, HasSubstr("\\u003c/script\\u003e\\u003cimg src=x"));

  fit::FitResult result = testing::SampleResult();
  result.name = result.explanation = testing::kHostileName;
  result.warnings = {"{{result}} and {{title}} are only words"};
  const std::string page = PageHtml(result);
  EXPECT_FALSE(Has(page, "<img src=x"));
  EXPECT_THAT(Between(page, "<title>", "</title>"), HasSubstr("&lt;/script&gt;&lt;img"));
  EXPECT_THAT(Between(page, "<noscript>", "</noscript>"),
              HasSubstr("{{result}} and {{title}} are only words"));
}

TEST(PageHtml, AsksNothingOfANetwork) {
  EXPECT_THAT(
      Page(),
      HasSubstr(
          "\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\""));
  // Attributes and style rules that load; names of XML namespaces in the script load nothing.
  for (const char* const load :
       {"(src|href|action|data)\\s*=\\s*[\"']?(https?:)?//", "url\\(\\s*[\"']?(https?:)?//", "@import",
        "<link(?! rel=\"icon\" href=\"data:,\")", "import\\(\\s*[\"']"}) {
    std::smatch found;
    EXPECT_FALSE(std::regex_search(Page(), found, std::regex(load))) << found.str();
  }
  for (const char* const call : {"fetch(\"", "XMLHttpRequest(", "WebSocket(", "sendBeacon"})
    EXPECT_FALSE(Has(Page(), call));
}

TEST(PageHtml, SaysTheAnswerWithoutScripts) {
  EXPECT_EQ(Between(Page(), "<title>", "</title>"), "ch_PP-OCRv4_rec_infer: met - Shoehorn report");
  EXPECT_THAT(Between(Page(), "<noscript>", "</noscript>"), HasSubstr("verdict  met\n"));
}

TEST(PageHtml, CarriesTheLicencesOfItsLibraries) {
  EXPECT_TRUE(Has(Page(), "Observable, Inc."));
  EXPECT_TRUE(Has(Page(), "Mike Bostock"));
}

}  // namespace
}  // namespace shoehorn::report
