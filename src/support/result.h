// Result<T> is a value or a Diagnostic: the return type of whatever input can make fail.
//   Result<Model> LoadOnnx(path);
//   SHOEHORN_ASSIGN(Model model, LoadOnnx(path));   // returns the Diagnostic to the caller on failure
//   SHOEHORN_TRY(SaveOnnx(model, path));
#pragma once

#include <utility>
#include <variant>

#include "support/check.h"
#include "support/diagnostic.h"

namespace shoehorn {

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Diagnostic diagnostic)                              // NOLINT(google-explicit-constructor)
      : state_(std::in_place_index<1>, std::move(diagnostic)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    SHOEHORN_CHECK(ok(), std::get<1>(state_).Text());
    return std::get<0>(state_);
  }
  const T& value() const& {
    SHOEHORN_CHECK(ok(), std::get<1>(state_).Text());
    return std::get<0>(state_);
  }
  T&& value() && {
    SHOEHORN_CHECK(ok(), std::get<1>(state_).Text());
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Diagnostic& error() const {
    SHOEHORN_CHECK(!ok(), "error() of a Result that holds a value");
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Diagnostic> state_;
};

/// What a function returns that gives nothing back but may fail: `return Ok();`.
using Status = Result<std::monostate>;
inline Status Ok() { return Status(std::monostate{}); }

}  // namespace shoehorn

#define SHOEHORN_TRY(expression)                                                                    \
  do {                                                                                              \
    if (auto shoehorn_status = (expression); !shoehorn_status.ok()) return shoehorn_status.error(); \
  } while (false)

#define SHOEHORN_CONCAT_(a, b) a##b
#define SHOEHORN_CONCAT(a, b) SHOEHORN_CONCAT_(a, b)
#define SHOEHORN_ASSIGN_(temporary, target, expression) \
  auto temporary = (expression);                        \
  if (!temporary.ok()) return temporary.error();        \
  target = std::move(temporary).value()
/// SHOEHORN_ASSIGN(auto x, F()): x is F()'s value, or its Diagnostic is returned. A type with a comma wants
/// `auto`.
#define SHOEHORN_ASSIGN(target, expression) \
  SHOEHORN_ASSIGN_(SHOEHORN_CONCAT(shoehorn_result_, __LINE__), target, expression)
