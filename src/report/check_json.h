// The form of a check's JSON that its page draws itself from: reasons with their nodes instead of every node.
#pragma once

#include <string>
#include <vector>

namespace shoehorn::report {

struct CheckReport;

/// {"schema", "model", "targets": [...]}, each as in docs/check-schema.md without `nodes` and with
/// `operators`, `reasons` and `crossing_count`.
std::string PageJson(const std::vector<CheckReport>& reports);

}  // namespace shoehorn::report
