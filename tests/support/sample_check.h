// A check made by hand: an accelerator, a model on which it answers with every grade, and a report of all
// that a report can hold.
#pragma once

#include <memory>

#include "ir/graph.h"
#include "report/check_report.h"

namespace shoehorn::testing {

/// A report and the models that it points into.
struct SampleCheck {
  std::unique_ptr<ir::Model> model, repaired;
  report::CheckReport report;
};

/// As it comes: 3 BatchNormalization refused with a repair, a Sin unknown, a Relu of an open shape native if,
/// a GroupNorm of another domain refused with advice, an emulated Mul. No judge.
SampleCheck RulesOnly();

/// The same, repaired and judged: the judge left a Relu that the rules take, and took the unknown Sin.
SampleCheck RepairedAndJudged();

}  // namespace shoehorn::testing
