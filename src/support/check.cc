#include "support/check.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace shoehorn {

void CheckFailed(const char* file, int line, const char* condition, std::string_view note) {
  std::fprintf(stderr, "shoehorn: a fault of ours at %s:%d: check failed: %s (%.*s)\n", file, line, condition,
               static_cast<int>(note.size()), note.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace shoehorn
