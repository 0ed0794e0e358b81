// A server of the Open Inference Protocol inside the test, that answers as it should or in one of the ways in
// which servers fail. Its model computes y = h + 1 from h, float[1,4].
#pragma once

#include <memory>
#include <string>

namespace shoehorn::testing {

enum class Manners {
  kGood,
  kTyped,       ///< good, elements one by one instead of raw bytes
  kWrongShape,  ///< float[1,5]
  kHugeShape,   ///< dimensions whose product does not exist
  kWrongType,   ///< INT32
  kOtherName,   ///< "z"
  kNoBytes,     ///< status OK, shape and type, and no bytes: what NumPy 2 makes of Triton's back end
  kShortBytes,
  kRefuses,  ///< an error, with a message that tries to forge a line of the log
  kGarbage,  ///< bytes that are no message
  kNeverAnswers,
  kNoGrpc,  ///< speaks, but not HTTP/2
};
const char* NameOf(Manners manners);

class TailServer {
 public:
  /// Listens on a free port of 127.0.0.1. `certificate` and `key`: PEM, for TLS; `token`: what it asks for.
  static std::unique_ptr<TailServer> Start(Manners manners, const std::string& certificate = {},
                                           const std::string& key = {}, const std::string& token = {});
  virtual ~TailServer() = default;
  virtual int port() const = 0;
  virtual int calls() const = 0;
};

}  // namespace shoehorn::testing
