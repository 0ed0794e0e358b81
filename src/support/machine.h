// The computer on which numbers are measured: a latency without these facts beside it cannot be compared with
// another. Read from /proc, /sys and the scheduler; what the system does not say stays empty.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace shoehorn {

struct Machine {
  std::string cpu;           ///< as the processor names itself: "AMD EPYC 9R14"
  std::string architecture;  ///< "x86_64", "aarch64"
  int cores = 0;             ///< logical processors that this process may use
  std::vector<std::string>
      flags;                  ///< those that decide how fast inference is: "avx512_vnni", "avx512_bf16", ...
  uint64_t memory_bytes = 0;  ///< of the whole machine
  std::string os, kernel;     ///< "Debian GNU/Linux 12 (bookworm)", "6.1.0-18-amd64"
  std::string governor;       ///< frequency governor of processor 0
  std::map<std::string, std::string> engines;  ///< name -> version, filled by who knows the engines
};

/// All facts but the engines.
Machine DescribeMachine();

}  // namespace shoehorn
