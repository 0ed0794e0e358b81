// The page of a placement (src/report/page/place.js).
#include "report/page_parts.h"
#include "report/page_template.h"
#include "report/place_report.h"
#include "support/diagnostic.h"

namespace shoehorn::report {

std::string PlacementPage(const place::Decision& decision, const std::string& version) {
  const std::string name = decision.spec.fit.model.stem().string();
  return FilledPage(kPlacementPageTemplate, Escaped(name) + " placed - Shoehorn", PlacementText(decision),
                    PlacementJson(decision, version));
}

}  // namespace shoehorn::report
