// The blocks that published architectures share, in sizes drawn at random: what the networks of a profile are
// made of (cost/networks.h).
//   Inverted(net, x): 1x1 up to six times the channels, depthwise, 1x1 back, and x added
#pragma once

#include "cost/network_builder.h"

namespace shoehorn::cost {

int64_t ChannelsOf(const ir::Value& x);
/// The shorter one.
int64_t SideOf(const ir::Value& x);
/// A number of channels as architectures have them: mostly a multiple of 8, sometimes any.
int64_t Channels(NetworkBuilder& net, int64_t low, int64_t high);

// How a network begins.
ir::Value& Stem(NetworkBuilder& net);
/// Of sounds: a long window over time and frequency.
ir::Value& SoundStem(NetworkBuilder& net);

ir::Value& Square(NetworkBuilder& net, ir::Value& x, int64_t channels, int64_t side, int64_t stride,
                  const std::string& activation, int64_t groups = 1);
ir::Value& Plain(NetworkBuilder& net, ir::Value& x);
ir::Value& Residual(NetworkBuilder& net, ir::Value& x);
ir::Value& Separable(NetworkBuilder& net, ir::Value& x);
ir::Value& SqueezeExcite(NetworkBuilder& net, ir::Value& x);
ir::Value& Inverted(NetworkBuilder& net, ir::Value& x);
ir::Value& CrossStage(NetworkBuilder& net, ir::Value& x);
ir::Value& Pooled(NetworkBuilder& net, ir::Value& x);
/// Windows as readers of text have them: 1x3, 3x1, 1x5.
ir::Value& Oblong(NetworkBuilder& net, ir::Value& x);
ir::Value& Grouped(NetworkBuilder& net, ir::Value& x);
ir::Value& Pyramid(NetworkBuilder& net, ir::Value& x);

// How it ends.
void Classify(NetworkBuilder& net, ir::Value& x);
/// As detectors do: one list of boxes, or lists of three levels joined.
void Detect(NetworkBuilder& net, ir::Value& x);

}  // namespace shoehorn::cost
