// The pages without a result, made at build time from src/report/page by bundle.mjs: styles, scripts and
// libraries inside, and in this order the marks {{title}}, {{summary}} and {{result}}.
#pragma once

#include <string_view>

namespace shoehorn::report {

extern const std::string_view kPageTemplate;           ///< of a fit: page.js
extern const std::string_view kCheckPageTemplate;      ///< of a check: check.js
extern const std::string_view kPlacementPageTemplate;  ///< of a placement: place.js

}  // namespace shoehorn::report
