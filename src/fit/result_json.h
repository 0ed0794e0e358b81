// result.json: a FitResult as text and back, e.g. {"schema": "shoehorn.result/1", "verdict": "met", ...}.
// Every key is in docs/result-schema.md; unknown numbers are null. It stands here and not in `report` because
// a fit that was killed reads its own candidates back.
#pragma once

#include <string>
#include <string_view>

#include "fit/result.h"
#include "support/result.h"

namespace shoehorn::fit {

inline constexpr std::string_view kResultSchema = "shoehorn.result/1";

/// Indented, UTF-8 (invalid bytes of names become U+FFFD), ends in a newline.
std::string ToJson(const FitResult& result);
/// One line, for journals.
std::string ToJson(const Candidate& candidate);

/// Errors name `file` and the key: not JSON, another schema, a missing key, a value of the wrong type.
Result<FitResult> ResultFromJson(std::string_view text, const std::string& file);
Result<Candidate> CandidateFromJson(std::string_view text, const std::string& file);

}  // namespace shoehorn::fit
