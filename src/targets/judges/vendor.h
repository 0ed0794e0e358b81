// Where a vendor's package lies and which version it is, told from its files alone: nothing of it is opened.
#pragma once

#include <filesystem>
#include <string>

#include "support/result.h"

namespace shoehorn::targets {

struct VendorWanted {
  const char* environment;  ///< variable that names the package's folder or the library
  const char* package;      ///< its name in the registry: "onnxruntime-qnn"
  const char* folder;       ///< its folder inside the package: "onnxruntime_qnn"
  const char* library;      ///< the library's file name there
  const char* oldest;       ///< "2.7"
};

struct VendorPackage {
  std::filesystem::path library;
  std::string version;  ///< "2.7.0"; "of unknown version" when the package's papers are not beside it
};

/// Looks in $environment, else ../lib/PACKAGE beside the program, else where 'make vendors' put it. Errors:
/// it is missing, or older than wanted.
Result<VendorPackage> FindVendorPackage(const VendorWanted& wanted);

}  // namespace shoehorn::targets
