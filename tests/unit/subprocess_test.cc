#include "support/subprocess.h"

#include <gmock/gmock.h>
#include <signal.h>

#include "support/temporary.h"

namespace shoehorn {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

std::unique_ptr<Subprocess> Shell(const char* script) {
  auto child = Subprocess::Start({"/bin/sh", "-c", script});
  EXPECT_TRUE(child.ok());
  return std::move(child).value();
}

TEST(Subprocess, SpeaksLineByLine) {
  const auto child = Subprocess::Start({"cat"}).value();
  ASSERT_TRUE(child->WriteLine("one").ok());
  ASSERT_TRUE(child->WriteLine("two").ok());
  EXPECT_EQ(child->ReadLine(60s).value(), "one");
  EXPECT_EQ(child->ReadLine(60s).value(), "two");
  const std::string large(1 << 20, 'x');  // more than a pipe holds
  std::string back;
  const auto echo = Shell("read x; echo ${#x}");
  ASSERT_TRUE(echo->WriteLine(large).ok());
  EXPECT_EQ(echo->ReadLine(60s).value(), "1048576");
}

TEST(Subprocess, SaysHowItEnded) {
  EXPECT_THAT(Shell("echo no such thing >&2; exit 3")->ReadLine(60s).error().Text(),
              HasSubstr("ended with exit code 3; its last words: no such thing"));
  EXPECT_THAT(Shell("kill -SEGV $$")->ReadLine(60s).error().Text(),
              HasSubstr("was killed by signal 11 (SIGSEGV)"));
  EXPECT_THAT(Shell("kill -KILL $$")->ReadLine(60s).error().Text(), HasSubstr("perhaps for want of memory"));
}

TEST(Subprocess, WritingToOneThatEndedIsADiagnosticAndNoSignal) {
  const auto child = Shell("exit 0");
  ASSERT_FALSE(child->ReadLine(60s).ok());
  const Status written = child->WriteLine("hello");
  ASSERT_FALSE(written.ok());
  EXPECT_THAT(written.error().Text(), HasSubstr("exit code 0"));
}

TEST(Subprocess, OneThatHangsIsKilled) {
  const auto child = Shell("sleep 1000");
  const pid_t pid = child->pid();
  EXPECT_THAT(child->ReadLine(50ms).error().Text(), HasSubstr("gave no answer within 50 ms and was killed"));
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(Subprocess, StopsWhenAsked) {
  const std::function<bool()> stop = [] { return true; };
  const auto child = Shell("sleep 1000");
  EXPECT_EQ(child->ReadLine(60s, &stop).error().blame, Blame::kInterrupted);
}

TEST(Subprocess, AMissingProgramIsADiagnostic) {
  const auto child = Subprocess::Start({"/no/such/program"});
  ASSERT_FALSE(child.ok());
  EXPECT_EQ(child.error().Text(),
            "error: /no/such/program: cannot start the program: No such file or directory");
}

TEST(Subprocess, DiesWithItsObject) {
  pid_t pid = 0;
  {
    const auto child = Shell("sleep 1000");
    pid = child->pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(TemporaryFolder, GoesWithItsObject) {
  std::filesystem::path path;
  {
    const auto folder = TemporaryFolder::Create().value();
    path = folder->path();
    EXPECT_TRUE(std::filesystem::is_directory(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(PeakResidentBytes, GrowsWithMemory) {
  const uint64_t before = PeakResidentBytes();
  EXPECT_GT(before, 0u);
  std::vector<char> large(64 << 20, 'x');
  EXPECT_GE(PeakResidentBytes(), before + (32 << 20));
  EXPECT_EQ(large[5], 'x');
}

}  // namespace
}  // namespace shoehorn
