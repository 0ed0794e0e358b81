// What gzip makes of the tensors that may cross, measured: a channel of gRPC that compresses deflates each
// request as a whole, so that what is saved on the link depends on what the tensors hold.
//   an input made of 8-bit pixels: 27 % left   activations behind ReLU: 60 %   random mantissas: 93 %
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "fit/spec.h"
#include "place/cuts.h"
#include "place/spec.h"

namespace shoehorn::place {

/// One message.
struct Gzipped {
  size_t bytes = 0;  ///< on the wire: gRPC sends a message as it is that does not shrink
  double compress_s = 0, decompress_s = 0;  ///< processor time of one thread
};

/// zlib as gRPC's gzip calls it: level Z_DEFAULT_COMPRESSION, a window of 2^15, memory level 8
/// (src/core/lib/compression/message_compress.cc of gRPC 1.51).
class GzipMeter {
 public:
  GzipMeter();
  ~GzipMeter();
  Gzipped Measure(std::span<const std::byte> message);

 private:
  struct Streams;
  std::unique_ptr<Streams> streams_;
};

/// All of `bytes` when they are at most `share`, else pieces of them evenly spread, together at most `share`
/// (8 kB or more). Each of the `samples` gives its pieces from other places.
std::vector<std::byte> PiecesOf(std::span<const std::byte> bytes, size_t share, size_t sample,
                                size_t samples);

/// What was measured.
struct CompressionReport {
  size_t tensors = 0, samples = 0;
  double seconds = 0;        ///< that measuring took
  double device_factor = 1;  ///< the device's time over this machine's
};

/// How much longer one busy thread takes at the place than on this machine, where that is known: a limit on
/// processor time stretches it; of another machine no profile says how fast it compresses, so 1.
double ProcessorFactor(const Site& site);

/// Fills CutValue::compressed of all values that may cross, for these packings and with this machine's times:
/// from a few samples (calibration, else evaluation), and of large tensors from pieces spread over them, so
/// that a fixed number of bytes is deflated whatever the model. int8 packs by the extremes met. Errors: no
/// samples, an engine that does not run the model, Ctrl-C.
Result<CompressionReport> MeasureCompression(const fit::Spec& spec, const ir::Model& model,
                                             const std::vector<Packing>& packings,
                                             const std::function<bool()>& stop, CutGraph& graph);

/// Turns this machine's times into the device's, and says how much power compressing takes there when its
/// profile knows. The sentence that says what nobody knows, or nothing.
Result<std::string> CompressOnDevice(const Site& device, CutGraph& graph, CompressionReport& report);

}  // namespace shoehorn::place
