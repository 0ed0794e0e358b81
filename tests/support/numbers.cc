#include "support/numbers.h"

#include <cmath>

#include "engines/evaluator.h"

namespace shoehorn::testing {

std::vector<ir::Tensor> RandomInputs(const ir::Graph& graph, const InputOptions& options) {
  std::mt19937 generator(options.seed);
  std::vector<ir::Tensor> tensors;
  for (const ir::Value* input : graph.inputs()) {
    if (input->initializer() != nullptr) continue;
    ir::Shape shape;
    for (const ir::Dim& dim : input->type.dims) {
      const auto named = options.sizes.find(dim.symbol);
      shape.push_back(dim.known()                    ? dim.value
                      : named != options.sizes.end() ? named->second
                                                     : options.other_size);
    }
    if (const auto whole = options.shapes.find(input->name()); whole != options.shapes.end())
      shape = whole->second;
    const bool real =
        input->type.element == ir::DataType::kFloat || input->type.element == ir::DataType::kFloat16 ||
        input->type.element == ir::DataType::kBfloat16 || input->type.element == ir::DataType::kDouble;
    const bool boolean = input->type.element == ir::DataType::kBool;
    std::uniform_real_distribution<double> reals(-2.0, 2.0);
    std::uniform_int_distribution<int64_t> ints(boolean ? 0 : options.lowest_int,
                                                boolean ? 1 : options.highest_int);
    std::vector<double> numbers(static_cast<size_t>(ir::ElementCount(shape)));
    for (double& number : numbers) number = real ? reals(generator) : static_cast<double>(ints(generator));
    tensors.push_back(ir::Tensor::FromDoubles(input->type.element, shape, numbers));
  }
  return tensors;
}

::testing::AssertionResult Near(const ir::Tensor& found, const ir::Tensor& expected, double relative) {
  if (found.type() != expected.type()) return ::testing::AssertionFailure() << "the element types differ";
  if (found.dims() != expected.dims()) return ::testing::AssertionFailure() << "the shapes differ";
  const auto a = found.ToDoubles(), b = expected.ToDoubles();
  if (!a || !b) {
    if (found == expected) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "the bytes differ";
  }
  const bool real = !expected.ToInts().has_value();
  double largest = 0;
  for (const double number : *b)
    if (std::isfinite(number)) largest = std::max(largest, std::abs(number));
  const double bound = real ? std::max(1e-6, relative * largest) : 0;
  for (size_t i = 0; i < a->size(); ++i) {
    const double x = (*a)[i], y = (*b)[i];
    if (x == y || (std::isnan(x) && std::isnan(y)) || std::abs(x - y) <= bound) continue;
    return ::testing::AssertionFailure() << "element " << i << " is " << x << " instead of " << y
                                         << " (allowed difference " << bound << ")";
  }
  return ::testing::AssertionSuccess();
}

::testing::AssertionResult SameNumbers(const ir::Model& original, const ir::Model& rewritten,
                                       const InputOptions& options) {
  const std::vector<ir::Tensor> inputs = RandomInputs(*original.graph, options);
  const auto expected = engines::RunReference(original, inputs);
  if (!expected.ok())
    return ::testing::AssertionFailure() << "the original does not run: " << expected.error().Text();
  const auto found = engines::RunReference(rewritten, inputs);
  if (!found.ok())
    return ::testing::AssertionFailure() << "the rewritten graph does not run: " << found.error().Text();
  if (found->size() != expected->size())
    return ::testing::AssertionFailure() << "the number of outputs differs";
  for (size_t i = 0; i < found->size(); ++i)
    if (::testing::AssertionResult near = Near((*found)[i], (*expected)[i]); !near)
      return ::testing::AssertionFailure()
             << "output '" << original.graph->outputs()[i]->name() << "': " << near.message();
  return ::testing::AssertionSuccess();
}

}  // namespace shoehorn::testing
