#include "support/energy_counter.h"

#include <algorithm>
#include <fstream>

namespace shoehorn {
namespace {

namespace fs = std::filesystem;

Result<double> ReadNumber(const fs::path& file) {
  std::ifstream stream(file);
  double value = 0;
  if (stream >> value) return value;
  Diagnostic diagnostic;
  diagnostic.file = file.string();
  diagnostic.found =
      stream.is_open() ? "the energy counter holds no number" : "the energy counter is not readable";
  diagnostic.fix = "let this user read it (on most systems only root may)";
  return diagnostic;
}

}  // namespace

Result<EnergyCounter> EnergyCounter::Open(const fs::path& root) {
  EnergyCounter counter;
  std::error_code code;
  std::vector<fs::path> packages;  // "intel-rapl:0" is a package, "intel-rapl:0:1" a part of it
  for (fs::directory_iterator entry(root, code), end; !code && entry != end; entry.increment(code)) {
    const std::string name = entry->path().filename().string();
    if (name.find("rapl") != std::string::npos && std::ranges::count(name, ':') == 1 &&
        !name.starts_with("intel-rapl-mmio"))
      packages.push_back(entry->path());
  }
  std::ranges::sort(packages);
  for (const fs::path& package : packages) {
    Zone zone;
    zone.file = package / "energy_uj";
    SHOEHORN_ASSIGN(zone.last, ReadNumber(zone.file));
    SHOEHORN_ASSIGN(zone.range, ReadNumber(package / "max_energy_range_uj"));
    counter.zones_.push_back(std::move(zone));
  }
  if (!counter.zones_.empty()) return counter;
  Diagnostic diagnostic;
  diagnostic.file = root.string();
  diagnostic.found = "the system shows no energy counter";
  return diagnostic;
}

Result<double> EnergyCounter::Joules() {
  for (Zone& zone : zones_) {
    SHOEHORN_ASSIGN(const double now, ReadNumber(zone.file));
    const double used = now >= zone.last ? now - zone.last : now + zone.range - zone.last;
    joules_ += used * 1e-6;
    zone.last = now;
  }
  return joules_;
}

}  // namespace shoehorn
