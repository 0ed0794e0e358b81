// See observer.h. The two loops over values are the cost of calibration beside the forward pass: the first is
// written in lanes that compilers turn into vector instructions, the second looks at a bounded sample.
#include "quant/observer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

namespace shoehorn::quant {
namespace {

// Compiled once for each width of vector registers; the loader picks the widest that the processor has.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
[[gnu::target_clones("default", "avx2", "avx512f")]]
#endif
Summary
Summarize(std::span<const float> values) {
  constexpr size_t kLanes = 16;
  using Lanes [[gnu::vector_size(kLanes * sizeof(float))]] = float;
  Summary all;
  size_t i = 0;
  while (i + kLanes <= values.size()) {
    Lanes first;
    std::memcpy(&first, values.data() + i, sizeof(first));
    Lanes low = first, high = first, sum = first, squares = first * first;
    // Float sums stay short so that they lose no digits that matter.
    const size_t end = std::min(values.size(), i + kLanes * 256);
    for (i += kLanes; i + kLanes <= end; i += kLanes) {
      Lanes next;
      std::memcpy(&next, values.data() + i, sizeof(next));
      low = next < low ? next : low;
      high = next > high ? next : high;
      sum += next;
      squares += next * next;
    }
    for (size_t lane = 0; lane < kLanes; ++lane) {
      all.low = std::min(all.low, low[lane]);
      all.high = std::max(all.high, high[lane]);
      all.sum += sum[lane];
      all.squares += squares[lane];
    }
  }
  for (; i < values.size(); ++i) all.Include(values[i]);
  return all;
}

}  // namespace

void Summary::Include(float value) {
  low = value < low ? value : low;
  high = value > high ? value : high;
  sum += value;
  squares += static_cast<double>(value) * value;
}

void Summary::Include(const Summary& other) {
  low = std::min(low, other.low);
  high = std::max(high, other.high);
  sum += other.sum;
  squares += other.squares;
}

void Histogram::Cover(double low, double high) {
  low_ = std::min(low_, low);
  high_ = std::max(high_, high);
  if (low_ == high_) return;
  if (width_ == 0) {
    width_ = std::exp2(std::ceil(std::log2((high_ - low_) / (kBins - 2))));
    counts_.assign(kBins, 0);
    origin_ = static_cast<int64_t>(std::floor(low_ / width_));
    // Everything met before the width was known was zero.
  }
  const auto index = [&](double value) { return static_cast<int64_t>(std::floor(value / width_)); };
  if (index(low_) >= origin_ && index(high_) < origin_ + kBins) return;
  const double old_width = width_;
  while (index(high_) - index(low_) >= kBins) width_ *= 2;
  const auto ratio = static_cast<int64_t>(width_ / old_width);
  const int64_t new_origin = index(low_);
  std::vector<uint64_t> moved(kBins, 0);
  for (int i = 0; i < kBins; ++i) {
    if (counts_[i] == 0) continue;
    const int64_t old_index = origin_ + i;
    const int64_t new_index = old_index >= 0 ? old_index / ratio : -((-old_index + ratio - 1) / ratio);
    moved[std::clamp<int64_t>(new_index - new_origin, 0, kBins - 1)] += counts_[i];
  }
  counts_ = std::move(moved);
  origin_ = new_origin;
}

void Histogram::Add(std::span<const float> values) {
  total_ += values.size();
  if (width_ == 0) {
    zeros_ += values.size();
    return;
  }
  const double inverse = 1.0 / width_;
  const auto origin = static_cast<double>(origin_);
  uint64_t zeros = 0;
  for (const float value : values) {
    const int bin = std::clamp(static_cast<int>(static_cast<double>(value) * inverse - origin), 0, kBins - 1);
    const bool zero = value == 0;
    zeros += zero;
    counts_[bin] += !zero;
  }
  zeros_ += zeros;
}

void Observer::Observe(std::span<const float> values, int64_t outer, int64_t channels) {
  if (values.empty()) return;
  SHOEHORN_CHECK(outer > 0 && channels > 0 && values.size() % static_cast<size_t>(outer * channels) == 0,
                 "channels do not divide the values");
  const size_t inner = values.size() / static_cast<size_t>(outer * channels);
  if (channels_.empty()) channels_.resize(static_cast<size_t>(channels));
  if (static_cast<int64_t>(channels_.size()) != channels) same_channels_ = false;

  Summary all;
  if (inner >= 16) {
    for (int64_t slice = 0; slice < outer * channels; ++slice) {
      const Summary summary = Summarize(values.subspan(slice * inner, inner));
      all.Include(summary);
      if (same_channels_) channels_[slice % channels].Include(summary);
    }
  } else {
    all = Summarize(values);
    if (same_channels_) {
      for (size_t slice = 0, i = 0; i < values.size(); ++slice)
        for (size_t k = 0; k < inner; ++k, ++i) channels_[slice % channels].Include(values[i]);
    }
  }
  per_channel_ += outer * static_cast<int64_t>(inner);

  std::vector<float> finite;
  if (!std::isfinite(all.sum)) {
    all = {};
    for (const float value : values)
      if (std::isfinite(value)) {
        finite.push_back(value);
        all.Include(value);
      }
    if (finite.empty()) return;
    values = finite;
  }
  histogram_.Cover(all.low, all.high);
  constexpr size_t kRun = 16;
  if (values.size() <= kSampled) {
    histogram_.Add(values);
  } else {
    const size_t stride = values.size() / (kSampled / kRun);
    const size_t shift = (seen_ * 7919) % (stride - kRun + 1);
    for (size_t start = shift; start + kRun <= values.size(); start += stride)
      histogram_.Add(values.subspan(start, kRun));
  }
  ++seen_;
}

std::vector<ActivationRanges::Channel> Observer::channels() const {
  if (!same_channels_ || per_channel_ == 0) return {};
  std::vector<ActivationRanges::Channel> channels;
  for (const Summary& channel : channels_) {
    if (!std::isfinite(channel.squares)) return {};
    const auto count = static_cast<double>(per_channel_);
    channels.push_back({channel.low, channel.high, static_cast<float>(channel.sum / count),
                        static_cast<float>(channel.squares / count)});
  }
  return channels;
}

}  // namespace shoehorn::quant
