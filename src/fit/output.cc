#include "fit/output.h"

#include <algorithm>

#include "formats/onnx.h"
#include "measure/measure.h"
#include "support/files.h"

namespace shoehorn::fit {
namespace {

namespace fs = std::filesystem;

Status CopyFile(const fs::path& from, const fs::path& to) {
  SHOEHORN_ASSIGN(const auto source, MappedFile::Open(from));
  SHOEHORN_ASSIGN(const auto target, StagedFile::Create(to));
  SHOEHORN_TRY(target->Append(source->bytes()));
  return target->Commit();
}

/// The user's own file; with its weights when they lie outside it.
Status CopyModel(const fs::path& model, const fs::path& to) {
  std::error_code code;
  const uint64_t bytes = fs::file_size(model, code);
  SHOEHORN_ASSIGN(const uint64_t whole, measure::SizeOfArtifact(model));
  if (whole <= bytes) return CopyFile(model, to);
  SHOEHORN_ASSIGN(const auto loaded, formats::LoadOnnx(model));
  return formats::SaveOnnx(*loaded, to, /*external=*/true);
}

}  // namespace

Status CheckOutput(const fs::path& out, bool force) {
  SHOEHORN_ASSIGN(const auto staged, StagedFolder::Create(out, force));
  return Ok();
}

void RemoveLeftovers(const fs::path& out) {
  const fs::path target = out.has_filename() ? out : out.parent_path();
  const std::string prefix = "." + target.filename().string() + ".tmp-";
  const fs::path parent = target.has_parent_path() ? target.parent_path() : fs::path(".");
  std::vector<fs::path> leftovers;
  std::error_code code;
  for (fs::directory_iterator it(parent, code), end; !code && it != end; it.increment(code))
    if (it->path().filename().string().starts_with(prefix)) leftovers.push_back(it->path());
  for (const fs::path& leftover : leftovers) fs::remove_all(leftover, code);
}

Status WriteOutput(const FitOptions& options, const Spec& spec, const Build* build, FitResult& result) {
  SHOEHORN_ASSIGN(const auto staged, StagedFolder::Create(options.out, options.force));
  const fs::path folder = staged->folder() / "artifact";
  SHOEHORN_TRY(MakeFolder(folder));
  const auto chosen = std::find_if(result.candidates.begin(), result.candidates.end(),
                                   [&](const Candidate& candidate) { return candidate.id == result.chosen; });
  SHOEHORN_CHECK(chosen != result.candidates.end(), "the chosen candidate is one of the candidates");
  fs::path main;
  if (build == nullptr) {
    main = folder / spec.model.filename();
    SHOEHORN_TRY(CopyModel(spec.model, main));
  } else {
    main = folder / build->artifact.filename();
    std::error_code code;
    for (fs::directory_iterator it(build->folder, code), end; !code && it != end; it.increment(code))
      SHOEHORN_TRY(CopyFile(it->path(), folder / it->path().filename()));
  }
  chosen->artifact = (fs::path("artifact") / main.filename()).string();
  for (const auto& [name, content] : options.render(result))
    SHOEHORN_TRY(WriteAtomically(staged->folder() / name, content));
  return staged->Commit();
}

}  // namespace shoehorn::fit
