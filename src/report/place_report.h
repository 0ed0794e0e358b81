// What a decision about places looks like: place.json with all of it, a text for the terminal, and
// report.html with the map of the graph, the drives over time and the pure choices beside the plan.
#pragma once

#include <string>

#include "place/decide.h"
#include "report/report.h"

namespace shoehorn::report {

inline constexpr std::string_view kPlacementSchema = "shoehorn.placement/1";

/// Documented in docs/placement-schema.md.
std::string PlacementJson(const place::Decision& decision, const std::string& version);
std::string PlacementText(const place::Decision& decision, const TextStyle& style = {});
/// One file that opens without a network.
std::string PlacementPage(const place::Decision& decision, const std::string& version);

}  // namespace shoehorn::report
