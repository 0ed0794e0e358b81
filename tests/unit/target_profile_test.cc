// Target profiles: those that come with Shoehorn can be read and say where each fact is from; wrong ones are
// told with the line, the key and what to do.
#include <gmock/gmock.h>

#include <cstdlib>
#include <set>

#include "support/files.h"
#include "targets/profile.h"
#include "targets/rule.h"

namespace shoehorn::targets {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// A folder of its own, named by $SHOEHORN_TARGETS while the test runs.
class TargetProfiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) /
              (std::string("profiles_") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    ::setenv("SHOEHORN_TARGETS", folder_.c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("SHOEHORN_TARGETS");
    fs::remove_all(folder_);
  }

  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteAtomically(folder_ / name, text).ok());
  }
  /// What is said of the one profile toy.toml with `more` after its three keys.
  std::string Complaint(const std::string& more) {
    Write("toy.toml", "name = \"toy\"\ntitle = \"Toy\"\naccelerator = \"onnxruntime_cpu\"\n" + more);
    const auto profiles = LoadProfiles();
    return profiles.ok() ? "none" : profiles.error().Text();
  }

  fs::path folder_;
};

TEST_F(TargetProfiles, ThatComeWithShoehornAreSound) {
  ::setenv("SHOEHORN_TARGETS", (fs::path(SHOEHORN_SOURCE_DIR) / "targets").c_str(), 1);
  const auto profiles = LoadProfiles();
  ASSERT_TRUE(profiles.ok()) << profiles.error().Text();
  std::set<std::string> served;
  for (const Profile& profile : *profiles) {
    EXPECT_FALSE(profile.precision.empty()) << profile.name;
    served.insert(profile.accelerator);
  }
  for (const Accelerator* accelerator : AllAccelerators())
    EXPECT_TRUE(served.contains(accelerator->name)) << "no profile is of " << accelerator->name;
}

TEST_F(TargetProfiles, GiveFactsAsNumbers) {
  EXPECT_EQ(
      Complaint(
          "[facts.fp16]\nvalue = true\nsource = \"a page\"\n[facts.side]\nvalue = 7\nsource = \"a page\"\n"
          "kind = \"measured\"\n"),
      "none");
  const auto profile = FindProfile("toy");
  ASSERT_TRUE(profile.ok());
  EXPECT_TRUE(profile->Has("fp16"));
  EXPECT_EQ(profile->Number("side", 0), 7);
  EXPECT_EQ(profile->facts.at("side").kind, FactKind::kMeasured);
  EXPECT_EQ(profile->Number("other", 3), 3);
}

TEST_F(TargetProfiles, NameTheWrongKeyAndItsLine) {
  EXPECT_THAT(Complaint("precison = \"int8\"\n"),
              AllOf(HasSubstr("toy.toml"), HasSubstr("4"), HasSubstr("precison"),
                    HasSubstr("did you mean 'precision'?")));
  EXPECT_THAT(Complaint("precision = \"int9\"\n"),
              AllOf(HasSubstr("there is no precision 'int9'"), HasSubstr("one of fp32, fp16, bf16, int8")));
  EXPECT_THAT(Complaint("[judge]\nname = \"qnm\"\n"),
              AllOf(HasSubstr("there is no judge 'qnm'"), HasSubstr("did you mean 'qnn'?")));
  EXPECT_THAT(Complaint("[judge]\nsoc_model = \"93\"\n"), HasSubstr("the judge has no name"));
}

TEST_F(TargetProfiles, WantSourcesAndNumbersForFacts) {
  EXPECT_THAT(Complaint("[facts.side]\nvalue = 7\n"),
              AllOf(HasSubstr("facts.side"), HasSubstr("the fact has no source")));
  EXPECT_THAT(Complaint("[facts.side]\nsource = \"a page\"\n"), HasSubstr("the fact has no value"));
  EXPECT_THAT(Complaint("[facts.side]\nvalue = -7\nsource = \"a page\"\n"),
              AllOf(HasSubstr("the fact's value is -7"), HasSubstr("0 or a number above it")));
  EXPECT_THAT(Complaint("[facts.side]\nvalue = \"seven\"\nsource = \"a page\"\n"), HasSubstr("number"));
  EXPECT_THAT(Complaint("[facts.side]\nvalue = 7\nkind = \"guessed\"\nsource = \"a page\"\n"),
              HasSubstr("'guessed' is no kind of fact"));
  EXPECT_THAT(Complaint("[facts]\nside = 7\n"), HasSubstr("a fact is a table"));
  EXPECT_THAT(Complaint("[facts.side]\nvalue = 7\nsource = \"a page\"\nsorce = \"b\"\n"),
              HasSubstr("did you mean 'source'?"));
}

TEST_F(TargetProfiles, WantTheThreeKeysAndTheFilesOwnName) {
  Write("toy.toml", "title = \"Toy\"\naccelerator = \"onnxruntime_cpu\"\n");
  EXPECT_THAT(LoadProfiles().error().Text(), AllOf(HasSubstr("name"), HasSubstr("the key is missing")));
  Write("toy.toml", "name = \"toy\"\naccelerator = \"onnxruntime_cpu\"\n");
  EXPECT_THAT(LoadProfiles().error().Text(), AllOf(HasSubstr("title"), HasSubstr("the key is missing")));
  Write("toy.toml", "name = \"toy\"\ntitle = \"Toy\"\n");
  EXPECT_THAT(LoadProfiles().error().Text(),
              AllOf(HasSubstr("accelerator"), HasSubstr("the key is missing")));
  Write("toy.toml", "name = \"tay\"\ntitle = \"Toy\"\n");
  EXPECT_THAT(LoadProfiles().error().Text(),
              AllOf(HasSubstr("the target is called 'tay'"), HasSubstr("the file's own name, 'toy'")));
  Write("toy.toml", "name = \"toy\"\ntitle = \"Toy\"\naccelerator = \"onnxruntime_gpu\"\n");
  EXPECT_THAT(LoadProfiles().error().Text(), AllOf(HasSubstr("there is no accelerator 'onnxruntime_gpu'"),
                                                   HasSubstr("did you mean 'onnxruntime_cpu'?")));
  Write("toy.toml", "name = \"toy\"\nname = \"toy\"\n");
  EXPECT_FALSE(LoadProfiles().ok());
}

TEST_F(TargetProfiles, FolderAndNameThatAreNotThere) {
  const auto empty = LoadProfiles();
  ASSERT_FALSE(empty.ok());
  EXPECT_THAT(empty.error().Text(),
              AllOf(HasSubstr("the folder holds no target profile"), HasSubstr("SHOEHORN_TARGETS")));
  EXPECT_EQ(Complaint(""), "none");
  const auto unknown = FindProfile("tooy");
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.error().Text(), AllOf(HasSubstr("target 'tooy'"), HasSubstr("there is no such target"),
                                            HasSubstr("did you mean 'toy'?")));
  ::setenv("SHOEHORN_TARGETS", (folder_ / "nowhere").c_str(), 1);
  const auto own = FindProfile((folder_ / "toy.toml").string());
  ASSERT_TRUE(own.ok()) << own.error().Text();
  EXPECT_EQ(own->name, "toy");
  const auto missing = FindProfile((folder_ / "tay.toml").string());
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().Text(), HasSubstr("tay.toml: cannot open"));
  EXPECT_THAT(LoadProfiles().error().Text(), HasSubstr("the folder of target profiles cannot be read"));
}

}  // namespace
}  // namespace shoehorn::targets
