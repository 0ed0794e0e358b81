// The page without a result, made at build time from src/report/page by bundle.mjs: styles, scripts and
// libraries inside, and in this order the marks {{title}}, {{summary}} and {{result}}.
#pragma once

#include <string_view>

namespace shoehorn::report {

extern const std::string_view kPageTemplate;

}  // namespace shoehorn::report
