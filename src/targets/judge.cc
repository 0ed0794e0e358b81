#include "targets/judge.h"

#include <algorithm>

namespace shoehorn::targets {
namespace {

std::vector<Judge*> AllJudges() {
  return {
#define JUDGE(name, function) function(),
#include "targets/judges.def"
#undef JUDGE
  };
}

}  // namespace

Judge* FindJudge(std::string_view name) {
  for (Judge* judge : AllJudges())
    if (judge->name() == name) return judge;
  return nullptr;
}

std::vector<std::string> JudgeNames() {
  std::vector<std::string> names;
  for (const Judge* judge : AllJudges()) names.push_back(judge->name());
  return names;
}

}  // namespace shoehorn::targets
