// report.html is the bundled page with three things put in: a title, the summary for readers without scripts,
// and the result as JSON, from which the page's own script builds the rest (src/report/page).
#include "fit/result_json.h"
#include "report/page_template.h"
#include "report/report.h"
#include "support/check.h"
#include "support/diagnostic.h"

namespace shoehorn::report {
namespace {

// For text between tags.
std::string EscapedForHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// JSON that cannot end the script element around it nor open another: outside strings JSON has none of these.
std::string EscapedForScript(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    switch (c) {
      case '&':
        out += "\\u0026";
        break;
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

std::string PageHtml(const fit::FitResult& result) {
  const std::pair<std::string_view, std::string> parts[] = {
      {"{{title}}",
       EscapedForHtml(Escaped(result.name) + (result.met ? ": met" : ": not met") + " - Shoehorn report")},
      {"{{summary}}", EscapedForHtml(SummaryText(result))},
      {"{{result}}", EscapedForScript(fit::ToJson(result))},
  };
  std::string page;
  std::string_view rest = kPageTemplate;
  for (const auto& [mark, text] : parts) {
    const size_t at = rest.find(mark);
    SHOEHORN_CHECK(at != std::string_view::npos, "the page template lacks a mark");
    page.append(rest.substr(0, at)).append(text);
    rest.remove_prefix(at + mark.size());
  }
  return page.append(rest);
}

}  // namespace shoehorn::report
