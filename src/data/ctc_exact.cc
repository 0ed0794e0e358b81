// Exact match of read texts: "KA PN 3147" read as "KA PN 3141" counts 0, however near it is. What a plate
// reader is judged by.
#include "data/ctc.h"
#include "data/metric_support.h"

namespace shoehorn::data {
namespace {

class CtcExact : public Metric {
 public:
  explicit CtcExact(CtcDecoder decoder) : decoder_(std::move(decoder)) {}
  std::string name() const override { return "ctc_exact"; }
  bool higher_is_better() const override { return true; }

  Result<Observation> Observe(const Sample& sample, std::span<const ir::Tensor> outputs,
                              std::span<const ir::Tensor>) const override {
    SHOEHORN_ASSIGN(const auto wanted, decoder_.Wanted(name(), sample));
    SHOEHORN_ASSIGN(const auto read, decoder_.Decode(name(), sample, outputs));
    return Observation{read == wanted ? 1.0 : 0.0};
  }
  double Score(std::span<const Observation* const> rows) const override { return MeanOfFirst(rows); }

 private:
  CtcDecoder decoder_;
};

}  // namespace

Result<std::unique_ptr<Metric>> MakeCtcExact(const MetricSpec& spec, size_t output,
                                             const std::vector<std::string>&) {
  SHOEHORN_ASSIGN(CtcDecoder decoder, CtcDecoder::Make(spec, output));
  return std::unique_ptr<Metric>(std::make_unique<CtcExact>(std::move(decoder)));
}

}  // namespace shoehorn::data
