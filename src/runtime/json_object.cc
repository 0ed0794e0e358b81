#include "runtime/json_object.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace shoehorn::runtime {

std::string QuotedJson(std::string_view text) {
  const bool plain = std::ranges::all_of(
      text, [](char each) { return each >= ' ' && each < 0x7f && each != '"' && each != '\\'; });
  if (plain) return fmt::format("\"{}\"", text);
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace shoehorn::runtime
