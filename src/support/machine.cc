#include "support/machine.h"

#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <array>
#include <fstream>
#include <sstream>

namespace shoehorn {
namespace {

// Vector, dot-product, matrix and short-float instructions, x86 and Arm, as /proc/cpuinfo spells them.
constexpr std::array<std::string_view, 18> kFlags = {
    "sse4_2",      "avx2",        "fma",         "f16c",     "avx512f",  "avx_vnni",
    "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16",
    "asimd",       "asimdhp",     "asimddp",     "i8mm",     "bf16",     "sve"};

// "model name\t: AMD EPYC" -> {"model name", "AMD EPYC"}.
std::pair<std::string, std::string> SplitField(const std::string& line, char separator) {
  const size_t at = line.find(separator);
  if (at == std::string::npos) return {line, ""};
  const auto trim = [](std::string text) {
    const size_t first = text.find_first_not_of(" \t\"");
    if (first == std::string::npos) return std::string();
    return text.substr(first, text.find_last_not_of(" \t\"\r") - first + 1);
  };
  return {trim(line.substr(0, at)), trim(line.substr(at + 1))};
}

// Fields of the first processor only.
void ReadProcessor(Machine& machine) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line) && !line.empty();) {
    const auto [key, value] = SplitField(line, ':');
    if (key == "model name") machine.cpu = value;
    if (key != "flags" && key != "Features") continue;
    std::istringstream words(value);
    for (std::string word; words >> word;)
      if (std::find(kFlags.begin(), kFlags.end(), word) != kFlags.end()) machine.flags.push_back(word);
  }
}

}  // namespace

Machine DescribeMachine() {
  Machine machine;
  ReadProcessor(machine);

  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) machine.cores = CPU_COUNT(&allowed);

  struct sysinfo memory {};
  if (sysinfo(&memory) == 0) machine.memory_bytes = uint64_t{memory.totalram} * memory.mem_unit;

  utsname system{};
  if (uname(&system) == 0) {
    machine.architecture = system.machine;
    machine.kernel = system.release;
  }
  if (machine.cpu.empty()) machine.cpu = machine.architecture;

  std::ifstream release("/etc/os-release");
  for (std::string line; std::getline(release, line);)
    if (const auto [key, value] = SplitField(line, '='); key == "PRETTY_NAME") machine.os = value;

  std::ifstream governor("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  std::getline(governor, machine.governor);
  return machine;
}

}  // namespace shoehorn
