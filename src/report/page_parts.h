// A bundled page becomes a report when a title, a summary for readers without scripts and JSON are put into
// it.
#pragma once

#include <string>
#include <string_view>

namespace shoehorn::report {

/// `page_template` with its marks {{title}}, {{summary}} and {{result}}, which stand in that order, replaced.
/// No part can become markup: title and summary are escaped as text, the JSON so that it cannot end its
/// script element.
std::string FilledPage(std::string_view page_template, const std::string& title, const std::string& summary,
                       const std::string& json);

}  // namespace shoehorn::report
