// ONNX's own backend tests as the judge of import, passes and export: every test that ONNX Runtime passes on
// the file as it is must still pass on what Shoehorn makes of it. The cases run in child processes, some
// hundred each; a case that kills the child is that case's answer, and the next child goes on behind it.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

extern char** environ;

namespace {

namespace fs = std::filesystem;

struct Verdict {
  std::string original, simplified;  // "pass" or the reason; empty: not reached
};

constexpr size_t kChunk = 200;
constexpr int kShards = 4;

/// Runs the child on `folders`; gives its standard output.
std::string RunChild(const std::vector<std::string>& folders) {
  std::vector<std::string> words = {SHOEHORN_BACKEND_CASES};
  words.insert(words.end(), folders.begin(), folders.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, words[0].c_str(), &actions, nullptr, arguments.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string out;
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    out.append(buffer, static_cast<size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return out;
}

/// Runs all of `folders`, starting a new child behind each case that killed one.
std::map<std::string, Verdict> RunCases(const std::vector<std::string>& folders) {
  std::map<std::string, Verdict> verdicts;
  for (size_t next = 0; next < folders.size();) {
    const size_t end = std::min(folders.size(), next + kChunk);
    std::istringstream out(RunChild(
        {folders.begin() + static_cast<ptrdiff_t>(next), folders.begin() + static_cast<ptrdiff_t>(end)}));
    size_t started = 0;
    std::string step, name, text;
    for (std::string line; std::getline(out, line);) {
      std::istringstream words(line);
      if (!(words >> step >> name)) continue;
      std::getline(words >> std::ws, text);
      if (step == "start") ++started, verdicts[name] = {};
      if (step == "original") verdicts[name].original = text;
      if (step == "simplified") verdicts[name].simplified = text;
    }
    if (started == 0) {
      ADD_FAILURE() << "the child did not start on " << folders[next];
      return verdicts;
    }
    next += started;
    Verdict& last = verdicts[name];
    if (last.original.empty()) last.original = "killed the process";
    if (last.original == "pass" && last.simplified.empty()) last.simplified = "killed the process";
  }
  return verdicts;
}

class Backend : public testing::TestWithParam<int> {};

TEST_P(Backend, WhatTheRuntimePassesStillPassesAfterSimplification) {
  const fs::path root = fs::path(SHOEHORN_DEPS_DIR) / "backend-tests";
  ASSERT_TRUE(fs::exists(root)) << "ONNX's backend tests are missing: run 'make setup'";
  std::vector<std::string> all, mine;
  for (const auto& kind : fs::directory_iterator(root))
    if (kind.is_directory())
      for (const auto& folder : fs::directory_iterator(kind))
        if (fs::exists(folder.path() / "model.onnx")) all.push_back(folder.path().string());
  std::sort(all.begin(), all.end());
  ASSERT_GT(all.size(), 2000u);
  for (size_t i = static_cast<size_t>(GetParam()); i < all.size(); i += kShards) mine.push_back(all[i]);

  const auto verdicts = RunCases(mine);
  EXPECT_EQ(verdicts.size(), mine.size());
  size_t passed = 0, still = 0;
  for (const auto& [name, verdict] : verdicts) {
    if (verdict.original != "pass") continue;
    ++passed;
    if (verdict.simplified == "pass") {
      ++still;
    } else {
      ADD_FAILURE() << name << ": " << verdict.simplified;
    }
  }
  fmt::print("{} cases, ONNX Runtime passes {} as they are and {} after simplification\n", verdicts.size(),
             passed, still);
  EXPECT_GT(passed, mine.size() * 3 / 4) << "too few to be an answer: is ONNX Runtime whole?";
}

INSTANTIATE_TEST_SUITE_P(Shards, Backend, testing::Range(0, kShards));

}  // namespace
