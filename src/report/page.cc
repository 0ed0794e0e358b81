// report.html is the bundled page with three things put in: a title, the summary for readers without scripts,
// and the result as JSON, from which the page's own script builds the rest (src/report/page).
#include "fit/result_json.h"
#include "report/page_parts.h"
#include "report/page_template.h"
#include "report/report.h"
#include "support/diagnostic.h"

namespace shoehorn::report {

std::string PageHtml(const fit::FitResult& result) {
  return FilledPage(kPageTemplate,
                    Escaped(result.name) + (result.met ? ": met" : ": not met") + " - Shoehorn report",
                    SummaryText(result), fit::ToJson(result));
}

}  // namespace shoehorn::report
