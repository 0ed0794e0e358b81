// Best-path CTC decoding, shared by ctc_exact and ctc_cer: the highest class of each step, repeats merged,
// blanks dropped; classes "-KK-A" become "KA". Graves et al., Connectionist Temporal Classification, 2006.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/metric.h"

namespace shoehorn::data {

class CtcDecoder {
 public:
  /// Errors: an empty vocabulary, a blank that is neither "first" nor "last".
  static Result<CtcDecoder> Make(const MetricSpec& spec, size_t output);

  /// Reads [1, steps, classes] or [1, classes, steps]; which axis holds the classes is known by their count:
  /// the vocabulary and the blank, and perhaps one class more at the end, the space that PaddleOCR's lists
  /// leave out. Gives the characters that count.
  Result<std::vector<std::string>> Decode(std::string_view metric, const Sample& sample,
                                          std::span<const ir::Tensor> outputs) const;
  /// The characters of the label that count. Errors: no label.
  Result<std::vector<std::string>> Wanted(std::string_view metric, const Sample& sample) const;

 private:
  std::vector<std::string> Counting(std::string_view text) const;

  std::vector<std::string> vocabulary_;
  std::vector<std::string> ignored_;
  bool blank_first_ = true;
  size_t output_ = 0;
};

}  // namespace shoehorn::data
