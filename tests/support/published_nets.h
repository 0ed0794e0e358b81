// The networks whose times are published for many devices, with their shapes and without trained weights:
// enough to count what they cost.
#pragma once

#include <memory>

#include "ir/graph.h"

namespace shoehorn::testing {

/// MobileNetV2 1.0 at 224 by 224: 301 million multiply-accumulates (Sandler et al., 2018, table 2).
std::unique_ptr<ir::Model> MobileNetV2();
/// ResNet-18 at 224 by 224: 1.81 billion (He et al., 2016, table 1).
std::unique_ptr<ir::Model> ResNet18();
/// ResNet-50 at `side` by `side`: 4.09 billion at 224.
std::unique_ptr<ir::Model> ResNet50(int64_t side = 224);
/// ResNet-152 at `side` by `side`: 11.5 billion at 224.
std::unique_ptr<ir::Model> ResNet152(int64_t side = 224);
/// VGG with 16 weight layers at 224 by 224: 15.5 billion, 138 million weights (Simonyan and Zisserman, 2015).
std::unique_ptr<ir::Model> Vgg16();

}  // namespace shoehorn::testing
