// The page of a check: one target in full, or every target side by side (src/report/page/check.js).
#include "report/check_json.h"
#include "report/check_report.h"
#include "report/page_parts.h"
#include "report/page_template.h"
#include "support/diagnostic.h"

namespace shoehorn::report {

std::string CheckPage(const std::vector<CheckReport>& reports) {
  std::string title = "Shoehorn check", summary;
  if (!reports.empty())
    title = Escaped(reports.front().model) + " on " +
            (reports.size() == 1 ? Escaped(reports.front().profile.name)
                                 : std::to_string(reports.size()) + " targets") +
            " - Shoehorn check";
  summary = reports.size() == 1 ? CheckText(reports.front()) : ComparisonText(reports);
  return FilledPage(kCheckPageTemplate, title, summary, PageJson(reports));
}

}  // namespace shoehorn::report
