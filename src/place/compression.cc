#include "place/compression.h"

#define ZLIB_CONST
#include <time.h>
#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "data/samples.h"
#include "engines/engine.h"
#include "formats/onnx.h"
#include "place/packing.h"
#include "quant/quantize.h"
#include "support/interrupt.h"
#include "support/temporary.h"
#include "targets/profile.h"

namespace shoehorn::place {
namespace {

constexpr size_t kMostSamples = 4;
/// Observed tensors that one run may give, and bytes (before packing) that are deflated of all.
constexpr double kObservedBytes = 64 << 20, kMeasuredBytes = 48 << 20;
/// A piece of a large tensor, before packing.
constexpr size_t kPieceBytes = 8192;
/// No element is larger, so that no piece begins within one.
constexpr size_t kElement = 16;
constexpr int kGzipWindow = 15 | 16, kMemoryLevel = 8;

/// Of this thread, so that other programs do not count.
double ProcessorSeconds() {
  timespec now{};
  SHOEHORN_CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0, "a thread has a clock");
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// The most bytes a tensor may give so that all together give `budget`: small ones whole, the others alike.
size_t ShareOf(std::vector<double> bytes, double budget) {
  std::ranges::sort(bytes);
  double share = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    share = budget / static_cast<double>(bytes.size() - i);
    budget -= std::min(bytes[i], share);
    if (bytes[i] > share) break;
    share = bytes[i];
  }
  return std::max(static_cast<size_t>(share), kPieceBytes);
}

std::vector<std::byte> PackedAs(Packing packing, std::span<const std::byte> raw, const WireTensor& wire) {
  if (packing == Packing::kNone) return {raw.begin(), raw.end()};
  std::vector<float> values(raw.size() / sizeof(float));
  std::memcpy(values.data(), raw.data(), values.size() * sizeof(float));
  std::vector<std::byte> packed;
  for (const float value : values) {
    if (packing == Packing::kFloat16) {
      const uint16_t half = ir::FloatToHalf(value);
      packed.insert(packed.end(), {std::byte(half & 255), std::byte(half >> 8)});
    } else {
      const double level = std::nearbyint(value / wire.scale) + static_cast<double>(wire.zero_point);
      packed.push_back(std::byte(level >= 255 ? 255 : level > 0 ? static_cast<uint8_t>(level) : 0));
    }
  }
  return packed;
}

/// What the samples gave of one value.
struct Observed {
  std::vector<std::vector<std::byte>> pieces;  // by sample, as the model holds them
  WireTensor wire{};
};

class Measurer {
 public:
  Measurer(const fit::Spec& spec, const ir::Model& model, const std::vector<Packing>& packings,
           const std::function<bool()>& stop, CutGraph& graph)
      : spec_(spec), model_(model), packings_(packings), stop_(stop), graph_(graph) {}

  Result<CompressionReport> Run() {
    const auto start = std::chrono::steady_clock::now();
    SHOEHORN_ASSIGN(folder_, TemporaryFolder::Create());
    const bool calibrated = !spec_.calibration.folder.empty();
    SHOEHORN_ASSIGN(const auto set,
                    data::OpenSamples(calibrated ? spec_.calibration : spec_.evaluation, spec_.inputs));
    const size_t count = std::min(kMostSamples, set->size());
    for (size_t i = 0; i < count; ++i) {
      SHOEHORN_ASSIGN(data::Sample sample, set->Load(i * set->size() / count));
      samples_.push_back(std::move(sample.inputs));
    }
    std::vector<size_t> chosen;
    std::vector<double> bytes;
    for (size_t v = 0; v < graph_.values.size(); ++v) {
      const CutValue& value = graph_.values[v];
      if (!value.may_leave || !value.sized || value.consumers.empty() || value.raw_bytes == 0) continue;
      chosen.push_back(v);
      bytes.push_back(value.raw_bytes);
    }
    share_ = ShareOf(bytes, kMeasuredBytes / static_cast<double>(count));
    for (size_t first = 0; first < chosen.size();) {
      size_t end = first;
      double held = 0;
      while (end < chosen.size() && (end == first || held + bytes[end] <= kObservedBytes))
        held += bytes[end++];
      SHOEHORN_TRY(Measure(
          {chosen.begin() + static_cast<ptrdiff_t>(first), chosen.begin() + static_cast<ptrdiff_t>(end)}));
      first = end;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return CompressionReport{.tensors = chosen.size(), .samples = count, .seconds = took.count()};
  }

 private:
  Status Measure(const std::vector<size_t>& chunk) {
    SHOEHORN_ASSIGN(const std::vector<Observed> observed, Observe(chunk));
    for (size_t k = 0; k < chunk.size(); ++k) {
      CutValue& value = graph_.values[chunk[k]];
      for (const Packing packing : {Packing::kNone, Packing::kFloat16, Packing::kInt8})
        if (MayCrossAs(packing, value)) Fill(value, packing, observed[k]);
    }
    return Ok();
  }

  /// A place with a model of its own gets the inputs as they are, whatever the packings.
  bool MayCrossAs(Packing packing, const CutValue& value) const {
    const bool plain = !value.is_float || value.producer == CutValue::kInput;
    if (packing == Packing::kNone && plain) return true;
    return value.is_float && std::ranges::find(packings_, packing) != packings_.end();
  }

  Result<std::vector<Observed>> Observe(const std::vector<size_t>& chunk) {
    std::vector<std::string> names;
    for (const size_t v : chunk) names.push_back(graph_.values[v].value->name());
    const std::filesystem::path file = folder_->path() / "observed.onnx";
    SHOEHORN_TRY(formats::SaveOnnx(*quant::WithObservedOutputs(model_, names), file));
    SHOEHORN_ASSIGN(engines::Engine* const engine, engines::FindEngine("onnxruntime"));
    SHOEHORN_ASSIGN(const auto session, engine->Load(file, {}));
    std::vector<Observed> observed(chunk.size());
    std::vector<std::pair<double, double>> extremes(chunk.size());
    for (size_t s = 0; s < samples_.size(); ++s) {
      if (stop_()) return StoppedByUser();
      SHOEHORN_ASSIGN(const std::vector<ir::Tensor> outputs, session->Run(samples_[s]));
      for (size_t k = 0; k < chunk.size(); ++k) {
        const ir::Tensor& tensor = outputs[model_.graph->outputs().size() + k];
        observed[k].pieces.push_back(PiecesOf(tensor.bytes(), share_, s, samples_.size()));
        if (!graph_.values[chunk[k]].is_float || tensor.count() == 0) continue;
        for (const float value : tensor.As<float>()) {
          extremes[k].first = std::min<double>(extremes[k].first, value);
          extremes[k].second = std::max<double>(extremes[k].second, value);
        }
      }
    }
    for (size_t k = 0; k < chunk.size(); ++k)
      SpendOn(extremes[k].first, extremes[k].second, observed[k].wire);
    return observed;
  }

  void Fill(CutValue& value, Packing packing, const Observed& observed) {
    size_t packed = 0, left = 0;
    Compressed& compressed = value.compressed[static_cast<size_t>(packing)] = {};
    for (const std::vector<std::byte>& raw : observed.pieces) {
      const std::vector<std::byte> message = PackedAs(packing, raw, observed.wire);
      const Gzipped gzipped = meter_.Measure(message);
      packed += message.size();
      left += gzipped.bytes;
      compressed.compress_s += gzipped.compress_s;
      compressed.decompress_s += gzipped.decompress_s;
    }
    if (packed == 0) return;
    compressed.ratio = static_cast<double>(left) / static_cast<double>(packed);
    const double whole = value.BytesAs(packing) / static_cast<double>(packed);
    compressed.compress_s *= whole;
    compressed.decompress_s *= whole;
  }

  const fit::Spec& spec_;
  const ir::Model& model_;
  const std::vector<Packing>& packings_;
  const std::function<bool()>& stop_;
  CutGraph& graph_;
  std::unique_ptr<TemporaryFolder> folder_;
  std::vector<std::vector<ir::Tensor>> samples_;
  size_t share_ = 0;  // of a tensor, before packing
  GzipMeter meter_;
};

}  // namespace

struct GzipMeter::Streams {
  z_stream deflate{}, inflate{};
  std::vector<std::byte> small, back;
};

GzipMeter::GzipMeter() : streams_(std::make_unique<Streams>()) {
  SHOEHORN_CHECK(deflateInit2(&streams_->deflate, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow,
                              kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK &&
                     inflateInit2(&streams_->inflate, kGzipWindow) == Z_OK,
                 "zlib begins");
}

GzipMeter::~GzipMeter() {
  deflateEnd(&streams_->deflate);
  inflateEnd(&streams_->inflate);
}

Gzipped GzipMeter::Measure(std::span<const std::byte> message) {
  const auto run = [](z_stream& stream, auto* flate, std::span<const std::byte> from,
                      std::vector<std::byte>& to) {
    stream.next_in = reinterpret_cast<const Bytef*>(from.data());
    stream.avail_in = static_cast<uInt>(from.size());
    stream.next_out = reinterpret_cast<Bytef*>(to.data());
    stream.avail_out = static_cast<uInt>(to.size());
    const double start = ProcessorSeconds();
    SHOEHORN_CHECK(flate(&stream, Z_FINISH) == Z_STREAM_END, "zlib has room for all");
    return ProcessorSeconds() - start;
  };
  Streams& s = *streams_;
  deflateReset(&s.deflate);
  s.small.resize(std::max<size_t>(s.small.size(), deflateBound(&s.deflate, message.size())));
  Gzipped gzipped{.bytes = message.size()};
  gzipped.compress_s = run(s.deflate, deflate, message, s.small);
  if (s.deflate.total_out >= message.size()) return gzipped;
  gzipped.bytes = s.deflate.total_out;
  inflateReset(&s.inflate);
  s.back.resize(std::max(s.back.size(), message.size()));
  gzipped.decompress_s = run(s.inflate, inflate, std::span(s.small).first(gzipped.bytes), s.back);
  return gzipped;
}

std::vector<std::byte> PiecesOf(std::span<const std::byte> bytes, size_t share, size_t sample,
                                size_t samples) {
  if (bytes.size() <= share) return {bytes.begin(), bytes.end()};
  std::vector<std::byte> pieces;
  const size_t count = share / kPieceBytes, stride = bytes.size() / count;
  for (size_t i = 0; i < count; ++i) {
    const size_t start = i * stride + (stride - kPieceBytes) * sample / samples;
    const auto piece = bytes.subspan(start / kElement * kElement, kPieceBytes);
    pieces.insert(pieces.end(), piece.begin(), piece.end());
  }
  return pieces;
}

double ProcessorFactor(const Site& site) {
  return site.target == kThisMachine && site.cpu_limit ? std::max(1.0, 1 / *site.cpu_limit) : 1;
}

Result<CompressionReport> MeasureCompression(const fit::Spec& spec, const ir::Model& model,
                                             const std::vector<Packing>& packings,
                                             const std::function<bool()>& stop, CutGraph& graph) {
  return Measurer(spec, model, packings, stop, graph).Run();
}

Result<std::string> CompressOnDevice(const Site& device, CutGraph& graph, CompressionReport& report) {
  report.device_factor = ProcessorFactor(device);
  for (CutValue& value : graph.values)
    for (Compressed& compressed : value.compressed) compressed.compress_s *= report.device_factor;
  if (device.target == kThisMachine) return std::string();
  SHOEHORN_ASSIGN(const targets::Profile profile, targets::FindProfile(device.target));
  // gRPC compresses on a processor, whatever runs the model.
  for (const targets::Unit& unit : profile.device->units) {
    if (unit.kind != targets::UnitKind::kCpu && unit.kind != targets::UnitKind::kMcu) continue;
    if (unit.busy_power) graph.compress_w = unit.busy_power->value;
    break;
  }
  return std::string(
      "the time that gzip takes is this machine's, since no profile says how fast a device "
      "compresses: with `compress` a slower device answers later than expected");
}

}  // namespace shoehorn::place
