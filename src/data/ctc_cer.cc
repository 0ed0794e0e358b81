// Character error rate: edits over characters, summed over all texts. "KA 3147" read as "KA 314": one edit in
// seven characters.
#include "data/characters.h"
#include "data/ctc.h"
#include "data/metric_support.h"

namespace shoehorn::data {
namespace {

class CtcCer : public Metric {
 public:
  explicit CtcCer(CtcDecoder decoder) : decoder_(std::move(decoder)) {}
  std::string name() const override { return "ctc_cer"; }
  bool higher_is_better() const override { return false; }

  /// Row: edits, characters of the label.
  Result<Observation> Observe(const Sample& sample, std::span<const ir::Tensor> outputs,
                              std::span<const ir::Tensor>) const override {
    SHOEHORN_ASSIGN(const auto wanted, decoder_.Wanted(name(), sample));
    SHOEHORN_ASSIGN(const auto read, decoder_.Decode(name(), sample, outputs));
    return Observation{static_cast<double>(EditDistance(read, wanted)), static_cast<double>(wanted.size())};
  }
  double Score(std::span<const Observation* const> rows) const override {
    double edits = 0, characters = 0;
    for (const Observation* row : rows) {
      edits += (*row)[0];
      characters += (*row)[1];
    }
    return characters > 0 ? edits / characters : edits;
  }

 private:
  CtcDecoder decoder_;
};

}  // namespace

Result<std::unique_ptr<Metric>> MakeCtcCer(const MetricSpec& spec, size_t output,
                                           const std::vector<std::string>&) {
  SHOEHORN_ASSIGN(CtcDecoder decoder, CtcDecoder::Make(spec, output));
  return std::unique_ptr<Metric>(std::make_unique<CtcCer>(std::move(decoder)));
}

}  // namespace shoehorn::data
