// Where a model can be cut in two: a head that runs on the device and a tail that runs in another place. What
// is made in the head (or comes in) and read in the tail crosses the link, once, however many read it.
//   x -> conv -> relu -+-> pool -> gemm -> y      head {conv, relu}: relu's output crosses
//                      +-> mean ---^
// A head holds all that its nodes read; of such heads there are exponentially many, and the best ones for
// every rate of the link are found by minimum cuts.
#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "place/plan.h"
#include "support/result.h"

namespace shoehorn::place {

/// A node of the model that depends on its inputs. The caller fills in the costs.
struct CutNode {
  const ir::Node* node = nullptr;
  size_t unit = 0;                    ///< of the device, on which it runs there
  double device_s = 0, device_j = 0;  ///< in the head
  double tail_s = 0;                  ///< in the tail
  bool on_device = false;             ///< must be in the head: an answer that must come without the link
  bool off_device = false;            ///< the device does not run it
};

/// What lossless compression makes of a tensor: see place/compression.h.
struct Compressed {
  double ratio = 1;         ///< bytes left of each byte packed
  double compress_s = 0;    ///< on the device
  double decompress_s = 0;  ///< in the other place

  double seconds() const { return compress_s + decompress_s; }
};

/// A tensor that could cross.
struct CutValue {
  const ir::Value* value = nullptr;
  size_t producer = kInput;         ///< index into the nodes; kInput: comes into the model
  std::vector<size_t> consumers{};  ///< indices into the nodes, ascending, each once
  bool is_output = false;
  bool may_leave = true;  ///< false: must not cross to the other place
  bool sized = true;      ///< false: nobody knows how large it is, so that it cannot cross
  double elements = 0;
  double raw_bytes = 0;                    ///< as the model holds it
  bool is_float = false;                   ///< float32: what packing makes smaller
  std::array<Compressed, 3> compressed{};  ///< by packing

  static constexpr size_t kInput = std::numeric_limits<size_t>::max();
  /// Its own packing where `packing` is the cut's: only floats are packed.
  Packing Packed(Packing packing) const { return is_float ? packing : Packing::kNone; }
  /// Bytes that it takes on the link.
  double BytesAs(Packing packing, bool compress = false) const;
  const Compressed& CompressedAs(Packing packing) const {
    return compressed[static_cast<size_t>(Packed(packing))];
  }
};

struct CutGraph {
  std::vector<CutNode> nodes;    ///< in topological order
  std::vector<CutValue> values;  ///< inputs first, then by producer
  double compress_w = 0;         ///< that the device takes above idle while it compresses
};

/// The main graph of `model` without what does not depend on its inputs (constants, which both places have).
/// A node with inner graphs reads what these read. Inputs with a default count as constants. A tensor between
/// nodes whose size is not known never crosses. Errors: an input or output of the model whose size is not
/// known.
Result<CutGraph> CutGraphOf(const ir::Graph& graph);

/// One way to cut. Sums of the nodes' costs; the bytes for one packing are given by BytesOf.
struct Cut {
  std::vector<bool> head;        ///< by node: runs on the device
  std::vector<size_t> crossing;  ///< values that cross to the tail, ascending
  std::vector<size_t> back;      ///< outputs of the model that the tail makes
  double device_s = 0, device_j = 0, tail_s = 0;

  bool AllOnDevice() const { return crossing.empty() && back.empty(); }
  bool operator==(const Cut& other) const { return head == other.head; }
};

/// CHECKs that `head` holds all that its nodes read.
Cut CutOf(const CutGraph& graph, std::vector<bool> head);
double UpBytes(const CutGraph& graph, const Cut& cut, Packing packing, bool compress = false);
double DownBytes(const CutGraph& graph, const Cut& cut);  ///< answers come back as they are
/// Both times of all that crosses; the ratio of their bytes together.
Compressed CompressedOf(const CutGraph& graph, const Cut& cut, Packing packing);

/// "all on the device", "all in the other place", "split at 'relu_3'", "split at 'a' and 2 more".
std::string NameOf(const CutGraph& graph, const Cut& cut);

/// May it be made: nothing crosses that must not leave, every node runs where it must? The sentence that says
/// why not, or nothing.
std::optional<std::string> Forbidden(const CutGraph& graph, const Cut& cut);

/// What a cut costs, in seconds or in joules: `seconds` times its time on both sides (or `joules` times the
/// device's energy) plus `per_byte` for each byte that crosses up, and `down_share` of that for each byte
/// that comes back. With `compress` what crosses up is compressed, which takes time and energy, too.
struct CutWeights {
  double seconds = 1, joules = 0;
  double down_share = 1;
  Packing packing = Packing::kNone;
  bool compress = false;
};

/// The allowed cut of least cost for one price of a byte (Stone 1977; a value that several tail nodes read is
/// paid once by an auxiliary vertex). Nothing when no cut is allowed. Exact to the rounding of costs to 2^-44
/// of their sum.
std::optional<Cut> BestCut(const CutGraph& graph, const CutWeights& weights, double per_byte);

/// All cuts that are best for some price of a byte in [least, most]: the lower envelope of cost as a function
/// of the price, by recursive intersection (Eisner and Severance 1976). From many bytes to few; empty when no
/// cut is allowed.
std::vector<Cut> BestCuts(const CutGraph& graph, const CutWeights& weights, double least, double most);

/// Every allowed cut where one value alone crosses and all that depends on it is in the tail, from the first
/// to the last.
std::vector<Cut> SingleValueCuts(const CutGraph& graph);

/// The two pure choices as cuts (allowed or not).
Cut AllInHead(const CutGraph& graph);
Cut AllInTail(const CutGraph& graph);

}  // namespace shoehorn::place
