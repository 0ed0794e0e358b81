#include "targets/judges/vendor.h"

#include <cstdlib>
#include <sstream>

namespace shoehorn::targets {
namespace {

namespace fs = std::filesystem;

/// The library in `place`, which is itself, its folder or the package's; empty when there is none.
fs::path LibraryIn(const fs::path& place, const VendorWanted& wanted) {
  std::error_code ignored;
  for (const fs::path& path : {place, place / wanted.library, place / wanted.folder / wanted.library})
    if (fs::is_regular_file(path, ignored)) return fs::absolute(path, ignored);
  return {};
}

/// From the name of the folder "onnxruntime_qnn-2.7.0.dist-info" beside the package's own.
std::string VersionOf(const fs::path& library, const VendorWanted& wanted) {
  const std::string start = std::string(wanted.folder) + "-", end = ".dist-info";
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(library.parent_path().parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(start) && name.ends_with(end))
      return name.substr(start.size(), name.size() - start.size() - end.size());
  }
  return {};
}

bool IsOlder(const std::string& version, const std::string& than) {
  std::istringstream left(version), right(than);
  for (int wanted = 0; right >> wanted;) {
    int found = 0;
    left >> found;
    if (found != wanted) return found < wanted;
    left.ignore();
    right.ignore();
  }
  return false;
}

}  // namespace

Result<VendorPackage> FindVendorPackage(const VendorWanted& wanted) {
  Diagnostic diagnostic;
  diagnostic.fix =
      "run 'make vendors', or set " + std::string(wanted.environment) + " to the folder of " + wanted.package;
  fs::path place;
  const char* asked = std::getenv(wanted.environment);
  if (asked != nullptr && *asked != '\0') {
    place = asked;
  } else {
    std::error_code ignored;
    const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
    place = program.parent_path().parent_path() / "lib" / wanted.package;
    if (LibraryIn(place, wanted).empty()) place = fs::path(SHOEHORN_VENDORS_FOLDER) / wanted.package;
  }
  VendorPackage package;
  package.library = LibraryIn(place, wanted);
  diagnostic.file = place.string();
  if (package.library.empty()) {
    diagnostic.found = std::string(wanted.package) + " is not installed: no " + wanted.library + " there";
    return diagnostic;
  }
  package.version = VersionOf(package.library, wanted);
  if (!package.version.empty() && IsOlder(package.version, wanted.oldest)) {
    diagnostic.found = std::string(wanted.package) + " " + package.version;
    diagnostic.expected = std::string(wanted.package) + " " + wanted.oldest + " or newer";
    return diagnostic;
  }
  if (package.version.empty()) package.version = "of unknown version";
  return package;
}

}  // namespace shoehorn::targets
