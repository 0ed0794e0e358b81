// What a fit's outcome looks like to people and to the device: a summary for the terminal, one page that
// opens without a network, and the plan that says how to run the artifact. result.json is in
// fit/result_json.h.
#pragma once

#include <string>
#include <string_view>

#include "fit/result.h"

namespace shoehorn::report {

inline constexpr std::string_view kPlanSchema = "shoehorn.plan/1";

struct TextStyle {
  bool color = false;  ///< ANSI colours; only for a terminal
  int width = 80;      ///< columns; below 80 counts as 80
};

/// Device, latency and memory, verdict; then the requirements, what would have to give way if one fails, the
/// candidates and the warnings. Names are escaped. Ends in a newline.
std::string SummaryText(const fit::FitResult& result, const TextStyle& style = {});

/// plan.json: which artifact, engine, precision and threads, and how a sample becomes each input. Documented
/// in docs/result-schema.md.
std::string PlanJson(const fit::FitResult& result);

/// report.html, whole: the result as JSON inside, styles and scripts inline, no external request (a content
/// security policy in the page forbids them).
std::string PageHtml(const fit::FitResult& result);

}  // namespace shoehorn::report
