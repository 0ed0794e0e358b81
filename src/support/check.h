// CHECK is for our own bugs: it prints the broken promise with its place and aborts, so that a
// fault of the program is loud and can never be mistaken for bad input (which is a Diagnostic).
#pragma once

#include <string_view>

namespace shoehorn {

/// Prints `file:line: check failed: condition (note)` and aborts. Never returns.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, std::string_view note);

}  // namespace shoehorn

#define SHOEHORN_CHECK(condition, note)                              \
  do {                                                               \
    if (!(condition)) [[unlikely]]                                   \
      ::shoehorn::CheckFailed(__FILE__, __LINE__, #condition, note); \
  } while (false)
