// What an accelerator takes, as a table: one file an accelerator in src/targets/rules, one row an operator,
// and under it what must hold. A row's sentence is the reject message, the manual's line and the test's name
// at once:
//   {"MaxPool", {Rank(0, {3, 4}).Cure("lower_pool_3d")}}
//   -> node 'MaxPool_5' (MaxPool): input 0 has 5 dimensions; accepted: 3 or 4 dimensions. Cure:
//   lower_pool_3d.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "targets/profile.h"

namespace shoehorn::targets {

/// What a target answers for a node. kConditional: native once a stated requirement holds, which a repair or
/// a pinned dimension can bring about. kEmulated: runs there, slower, as something else. kUnknown: nobody
/// says.
enum class Grade { kNative, kConditional, kEmulated, kUnsupported, kUnknown };
std::string_view NameOf(Grade grade);  ///< "native", "native if", "emulated", "unsupported", "unknown"

/// What a rule looks at.
struct Subject {
  const ir::Node& node;
  const Profile& profile;
  int64_t opset;  ///< of ONNX's own domain

  /// The type of input `i` as the accelerator sees it: behind a DequantizeLinear the quantized type ("int8"),
  /// else the element type.
  ir::DataType ElementType(size_t i) const;
  /// True when input `i` comes out of a DequantizeLinear, that is, the node is part of an integer region.
  bool Quantized(size_t i) const;
  const ir::Type* TypeOf(size_t i) const;  ///< nullptr when the input is absent
  /// Dimensions of input `i`; nothing when the rank is unknown or the input absent.
  std::optional<size_t> Rank(size_t i) const;
};

/// What a broken rule found, as a clause ("input 0 has 5 dimensions").
using Test = std::function<std::optional<std::string>(const Subject&)>;

struct Rule {
  std::string id;  ///< within its operator: "rank", "ceil_mode"; with accelerator and operator it is stable
  std::string sentence;                   ///< what is accepted: "input 0 has 3 or 4 dimensions"
  Test broken;                            ///< nothing when the rule holds
  Grade otherwise = Grade::kUnsupported;  ///< the grade of a node that breaks it
  std::vector<std::string> cures;         ///< passes that may repair it, the best first
  std::string advice;  ///< what to change before training, when no repair exists; may be empty
  std::string source;  ///< empty: the operator's

  Rule& Cure(std::string pass) & { return cures.push_back(std::move(pass)), *this; }
  Rule Cure(std::string pass) && { return cures.push_back(std::move(pass)), std::move(*this); }
  Rule Advise(std::string text) && { return advice = std::move(text), std::move(*this); }
  Rule Otherwise(Grade grade) && { return otherwise = grade, std::move(*this); }
  Rule From(std::string page) && { return source = std::move(page), std::move(*this); }
  Rule Id(std::string name) && { return id = std::move(name), std::move(*this); }
};

/// An operator that an accelerator's documents speak of. One that is refused outright has the grade
/// kUnsupported, and cures or advice.
struct OperatorRow {
  std::vector<std::string> op_types{};  ///< ONNX's own operators, or "domain::Name"
  std::vector<Rule> rules{};
  Grade grade = Grade::kNative;  ///< when every rule holds
  std::string remark{};          ///< why a grade that is not kNative is given: "runs as Mul and Add"
  std::vector<std::string> cures{};
  std::string advice{};
  std::string source{};  ///< empty: the accelerator's
};

struct Accelerator {
  std::string name{};     ///< "qnn_htp"
  std::string title{};    ///< "Qualcomm HTP (QNN)"
  std::string runtime{};  ///< the version that the rules were read from: "ONNX Runtime QNN 2.7.0"
  std::string source{};   ///< public page or repository file, with its version
  /// Operators without a row are refused because the documents list all that is taken; else they are unknown.
  bool complete = false;
  std::vector<Rule> everywhere{};  ///< rules for every operator: static shapes, types
  std::vector<OperatorRow> rows{};
};

/// All accelerators, in the order of accelerators.def, each made on first use.
const std::vector<const Accelerator*>& AllAccelerators();
/// That of this name; for kUnknownRules a table without rows, of which every operator is unknown.
const Accelerator* FindAccelerator(std::string_view name);
/// What a profile may name: every accelerator, and kUnknownRules.
std::vector<std::string> RuleNames();

/// Errors (blame kFault): an operator with two rows, two rules of one id in a row, a cure that is no pass, a
/// rule without sentence or source.
Status Validate(const Accelerator& accelerator);

}  // namespace shoehorn::targets
