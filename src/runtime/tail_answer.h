// What a server sent back, as tensors, once it is proved to be what the plan expects: a server that is
// another one, or broken, must not become an answer. A status of OK with no bytes is a case that happens.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "place/plan.h"

namespace inference {
class ModelInferResponse;
}

namespace shoehorn::runtime {

/// The protocol's name of an element type: "FP32", "UINT8"; empty for those that it does not carry.
std::string_view ProtocolName(ir::DataType type);
/// Errors: a type that the protocol does not carry.
Status CheckProtocolType(const std::string& place, ir::DataType type);

/// The tensors in the order of Tail::outputs, views of `response`. Errors, with the output as place: it is
/// missing, its type, shape or length is another.
Result<std::vector<ir::Tensor>> ReadAnswer(
    const place::Tail& tail, const std::shared_ptr<const inference::ModelInferResponse>& response);

/// An upper bound of an answer's bytes, so that no server makes the device run out of memory.
int64_t LongestAnswer(const place::Tail& tail);

}  // namespace shoehorn::runtime
