#include "report/page_parts.h"

#include <utility>

#include "support/check.h"

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

std::string FilledPage(std::string_view page_template, const std::string& title, const std::string& summary,
                       const std::string& json) {
  const std::pair<std::string_view, std::string> parts[] = {
      {"{{title}}", EscapedForHtml(title)},
      {"{{summary}}", EscapedForHtml(summary)},
      {"{{result}}", EscapedForScript(json)},
  };
  std::string page;
  std::string_view rest = page_template;
  for (const auto& [mark, text] : parts) {
    const size_t at = rest.find(mark);
    SHOEHORN_CHECK(at != std::string_view::npos, "the page template lacks a mark");
    page.append(rest.substr(0, at)).append(text);
    rest.remove_prefix(at + mark.size());
  }
  return page.append(rest);
}

}  // namespace shoehorn::report
