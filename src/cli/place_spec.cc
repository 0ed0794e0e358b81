#include "cli/place_spec.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/command.h"
#include "place/output.h"
#include "report/place_report.h"
#include "support/files.h"
#include "support/interrupt.h"
#include "support/progress.h"

namespace shoehorn::cli {

Result<int> PlaceBySpec(const std::string& spec, const std::string& out, bool force) {
  SHOEHORN_ASSIGN(place::PlaceSpec place_spec, place::LoadPlaceSpec(spec));
  // An output that cannot be written is said before any work.
  SHOEHORN_ASSIGN(const auto staged, StagedFolder::Create(out, force));
  std::unique_ptr<place::Decision> decision;
  {
    Progress progress;
    const place::DecideHooks hooks{.interrupted = Interrupted,
                                   .show = [&](const std::string& line) { progress.Show(line); }};
    SHOEHORN_ASSIGN(decision, place::Decide(std::move(place_spec), hooks));
    progress.Show("writing " + out);
    if (const auto plan = place::WriteDecision(*decision, staged->folder()); !plan.ok()) return plan.error();
    SHOEHORN_TRY(
        WriteAtomically(staged->folder() / "place.json", report::PlacementJson(*decision, SHOEHORN_VERSION)));
    SHOEHORN_TRY(WriteAtomically(staged->folder() / "report.html",
                                 report::PlacementPage(*decision, SHOEHORN_VERSION)));
    SHOEHORN_TRY(staged->Commit());
  }
  fmt::print("{}\nplan: {}\nreport: {}\n",
             report::PlacementText(*decision, {.color = ::isatty(STDOUT_FILENO) == 1}),
             (std::filesystem::path(out) / "plan.json").string(),
             (std::filesystem::path(out) / "report.html").string());
  return kMet;
}

}  // namespace shoehorn::cli
