#include "targets/check.h"

#include <fmt/format.h>

#include <atomic>
#include <future>
#include <thread>
#include <unordered_map>

#include "targets/node_index.h"

namespace shoehorn::targets {
namespace {

/// An accelerator's rows by operator.
class Table {
 public:
  explicit Table(const Accelerator& accelerator) : accelerator_(accelerator) {
    for (const OperatorRow& row : accelerator.rows) {
      if (row.grade < Grade::kUnsupported) operators_ += row.op_types.size();
      for (const std::string& op_type : row.op_types) rows_.emplace(op_type, &row);
    }
  }

  const OperatorRow* Find(const ir::Node& node) const {
    const auto found =
        node.domain.empty() ? rows_.find(node.op_type) : rows_.find(node.domain + "::" + node.op_type);
    return found == rows_.end() ? nullptr : found->second;
  }
  const Accelerator& accelerator() const { return accelerator_; }
  /// How many operators the table takes, at least under conditions.
  size_t operators() const { return operators_; }

  /// The refusal of an operator of this type by `rule` (a Rule or an OperatorRow) for what was found: the
  /// last one when it was alike, else the one that `make` gives. Models repeat themselves, and a refusal is a
  /// dozen strings.
  template <typename Make>
  std::shared_ptr<const Refusal> Share(const void* rule, const std::string& op_type, const std::string& found,
                                       const Make& make) {
    std::shared_ptr<const Refusal>& last = last_[{rule, op_type}];
    if (last == nullptr || last->found != found) last = std::make_shared<Refusal>(make());
    return last;
  }

 private:
  struct Hash {
    size_t operator()(const std::pair<const void*, std::string_view>& key) const {
      return std::hash<const void*>()(key.first) ^ std::hash<std::string_view>()(key.second);
    }
  };
  const Accelerator& accelerator_;
  std::unordered_map<std::string, const OperatorRow*> rows_;
  size_t operators_ = 0;
  std::unordered_map<std::pair<const void*, std::string_view>, std::shared_ptr<const Refusal>, Hash> last_;
};

std::string RuleName(const Accelerator& accelerator, const ir::Node& node, const std::string& id) {
  return accelerator.name + "." + node.op_type + (id.empty() ? "" : "." + id);
}

std::string SourceOf(const Accelerator& accelerator, const OperatorRow* row, const std::string& own) {
  if (!own.empty()) return own;
  return row != nullptr && !row->source.empty() ? row->source : accelerator.source;
}

/// Without a row: refused where the list is complete, unknown where it is not or the domain is foreign.
NodeAnswer WithoutRow(const ir::Node& node, const Table& table) {
  const Accelerator& accelerator = table.accelerator();
  Refusal refusal;
  const bool foreign = !node.domain.empty();
  refusal.rule = RuleName(accelerator, node, "");
  refusal.found =
      foreign ? fmt::format("operator {} of the domain {}", Escaped(node.op_type), Escaped(node.domain))
              : fmt::format("operator {}", Escaped(node.op_type));
  refusal.accepted = accelerator.complete && !foreign
                         ? fmt::format("the {} operators that {} lists", table.operators(), accelerator.title)
                         : fmt::format("nothing is known: {} does not speak of it", accelerator.title);
  refusal.source = accelerator.source;
  NodeAnswer answer;
  answer.grade = accelerator.complete && !foreign ? Grade::kUnsupported : Grade::kUnknown;
  answer.refusal = std::make_shared<Refusal>(std::move(refusal));
  return answer;
}

/// The first rule that the node breaks decides the sentence, the worst one the grade.
NodeAnswer Answer(const ir::Node& node, Table& table, const Profile& profile, int64_t opset) {
  const Accelerator& accelerator = table.accelerator();
  const OperatorRow* row = table.Find(node);
  if (row == nullptr) return WithoutRow(node, table);
  NodeAnswer answer;
  answer.grade = row->grade;
  if (row->grade != Grade::kNative) {
    std::string found = "operator " + node.op_type;
    answer.refusal = table.Share(row, node.op_type, found, [&] {
      Refusal refusal;
      refusal.rule = RuleName(accelerator, node, "");
      refusal.found = std::move(found);
      refusal.accepted = row->remark;
      refusal.source = SourceOf(accelerator, row, "");
      refusal.cures = row->cures;
      refusal.advice = row->advice;
      return refusal;
    });
    if (row->grade == Grade::kUnsupported || row->grade == Grade::kUnknown) return answer;
  }
  const Subject subject{node, profile, opset};
  const Rule* worst = nullptr;
  std::string worst_found;
  const auto look = [&](const std::vector<Rule>& rules) {
    for (const Rule& rule : rules) {
      if (worst != nullptr && rule.otherwise <= worst->otherwise) continue;
      if (std::optional<std::string> found = rule.broken(subject)) {
        worst = &rule;
        worst_found = std::move(*found);
      }
    }
  };
  look(row->rules);
  look(accelerator.everywhere);
  if (worst == nullptr) return answer;
  answer.grade = std::max(answer.grade, worst->otherwise);
  answer.refusal = table.Share(worst, node.op_type, worst_found, [&] {
    Refusal refusal;
    refusal.rule = RuleName(accelerator, node, worst->id);
    refusal.found = std::move(worst_found);
    refusal.accepted = worst->sentence;
    refusal.source = SourceOf(accelerator, row, worst->source);
    refusal.cures = worst->cures;
    refusal.advice = worst->advice;
    return refusal;
  });
  return answer;
}

void CollectNodes(const ir::Graph& graph, Table& table, const Profile& profile, int64_t opset,
                  std::vector<NodeAnswer>& answers) {
  for (const ir::Node& node : graph.nodes()) {
    if (node.Is("Constant")) continue;
    answers.push_back(Answer(node, table, profile, opset));
    answers.back().node = &node;
    for (const ir::Graph* inner : node.Subgraphs()) CollectNodes(*inner, table, profile, opset, answers);
  }
}

Summary Summarize(const std::vector<NodeAnswer>& answers) {
  Summary summary;
  for (const NodeAnswer& answer : answers) {
    if (answer.accepted())
      ++summary.accepted;
    else if (answer.grade == Grade::kConditional)
      ++summary.conditional;
    else if (answer.grade == Grade::kUnknown && !answer.judged)
      ++summary.unknown;
    else
      ++summary.refused;
  }
  summary.cpu_operators = answers.size() - summary.accepted;
  return summary;
}

int64_t BytesOf(const ir::Type& type) {
  const int bits = ir::BitsOf(type.element);
  if (!type.is_static() || bits == 0) return -1;
  return (ir::ElementCount(type.shape()) * bits + 7) / 8;
}

/// Each value once in each direction, however many nodes read it there.
std::vector<Crossing> FindCrossings(const std::vector<NodeAnswer>& answers) {
  const NodeIndex index(answers);
  const auto where = [&](const ir::Node* node) {
    const size_t place = index.Find(node);
    return place == NodeIndex::kNone ? -1 : answers[place].island;
  };
  std::vector<Crossing> crossings;
  for (const NodeAnswer& answer : answers)
    for (const ir::Value* output : answer.node->outputs()) {
      if (output == nullptr) continue;
      bool to_cpu = false, from_cpu = false;
      for (const ir::Use& use : output->uses()) {
        const int there = where(use.node);
        to_cpu |= answer.island >= 0 && there != answer.island;
        from_cpu |= answer.island < 0 && there >= 0;
      }
      if (to_cpu) crossings.push_back({output, true, BytesOf(output->type)});
      if (from_cpu) crossings.push_back({output, false, BytesOf(output->type)});
    }
  return crossings;
}

/// Rules see an accelerator and the facts: profiles alike in these get the same answers.
bool SameRules(const Profile& a, const Profile& b) {
  return a.accelerator == b.accelerator &&
         std::ranges::equal(a.facts, b.facts, [](const auto& x, const auto& y) {
           return x.first == y.first && x.second.value == y.second.value;
         });
}

}  // namespace

CheckResult Check(const ir::Model& model, const Profile& profile) {
  const Accelerator* accelerator = FindAccelerator(profile.accelerator);
  SHOEHORN_CHECK(accelerator != nullptr, "a profile of an unknown accelerator");
  return Check(model, *accelerator, profile);
}

CheckResult Check(const ir::Model& model, const Accelerator& accelerator, const Profile& profile) {
  CheckResult result;
  result.target = profile.name;
  result.accelerator = &accelerator;
  Table table(accelerator);
  CollectNodes(*model.graph, table, profile, model.Opset(), result.nodes);
  Recount(model, result);
  return result;
}

std::vector<CheckResult> CheckAll(const ir::Model& model, const std::vector<Profile>& profiles) {
  std::vector<CheckResult> results(profiles.size());
  std::vector<size_t> twin(profiles.size());
  for (size_t i = 0; i < profiles.size(); ++i)
    for (twin[i] = 0; !SameRules(profiles[twin[i]], profiles[i]);) ++twin[i];
  const auto side_by_side = [&](const auto& work) {
    std::atomic<size_t> next = 0;
    const auto all = [&] {
      for (size_t i = next++; i < profiles.size(); i = next++) work(i);
    };
    std::vector<std::future<void>> others;
    for (unsigned k = 1; k < std::thread::hardware_concurrency(); ++k)
      others.push_back(std::async(std::launch::async, all));
    all();
    for (std::future<void>& other : others) other.get();
  };
  side_by_side([&](size_t i) {
    if (twin[i] == i) results[i] = Check(model, profiles[i]);
  });
  side_by_side([&](size_t i) {
    if (twin[i] == i) return;
    results[i] = results[twin[i]];
    results[i].target = profiles[i].name;
  });
  return results;
}

void Recount(const ir::Model& model, CheckResult& result) {
  result.summary = Summarize(result.nodes);
  result.summary.islands = FindIslands(*model.graph, result.nodes);
  result.crossings = FindCrossings(result.nodes);
}

std::string Sentence(const NodeAnswer& answer) {
  const std::string node = answer.node->Describe();
  if (answer.refusal == nullptr) {
    if (answer.accepted()) return node + ": native";
    return fmt::format("{}: the rules take it, the judge leaves it to the CPU{}", node,
                       answer.words.empty() ? ", without a word why" : ": " + Escaped(answer.words));
  }
  const Refusal& refusal = *answer.refusal;
  return fmt::format("{}: {}; accepted: {} ({})", node, refusal.found, refusal.accepted, refusal.source);
}

}  // namespace shoehorn::targets
