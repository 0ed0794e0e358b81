// What went wrong because of something a user or a file did: where, what was found, what was
// expected, and what to do next. Every error that input can cause is one of these, e.g.
//   error: plate.toml: requirements.latency_p5: unknown key
//     expected: one of latency_p50, latency_p90, latency_p99
//     fix: did you mean 'latency_p50'?
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shoehorn {

/// Who has to act; decides the exit code (kBadInput 2, kFault 3, kInterrupted 130).
enum class Blame { kBadInput, kFault, kInterrupted };

struct Diagnostic {
  std::string file{};      ///< the file concerned, empty if none
  std::string place{};     ///< inside it: node 'conv1' (Conv), key 'input.mean', line 12
  std::string found{};     ///< what is there; a clause that can stand alone
  std::string expected{};  ///< what would be right, may be empty
  std::string fix{};       ///< what to do next, may be empty
  Blame blame = Blame::kBadInput;

  /// The text a user reads, without a trailing newline; names from files are escaped.
  std::string Text() const;
};

/// `name` with control characters and other unprintable bytes written as \xNN, so that a name from a model
/// cannot move the cursor or forge a message. UTF-8 is kept when valid.
std::string Escaped(std::string_view name);

/// The candidate nearest to `word` by edit distance, or empty when none is near enough to suggest.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace shoehorn
