// The section [place] of a spec: where a model may run, over which links, and what must hold. The rest of the
// spec (model, inputs, samples, metric) means what it means for `shoehorn fit`. Every key is documented in
// docs/place-spec.md; an unknown key is an error with "did you mean".
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "fit/spec.h"
#include "place/choose.h"
#include "place/plan.h"

namespace shoehorn::place {

/// The name by which a spec calls this machine: its costs are measured when the decision is made.
inline constexpr char kThisMachine[] = "this-machine";

/// A place where the model, or a part of it, may run.
struct Site {
  std::string name;
  PlaceKind role = PlaceKind::kDevice;
  std::string target;                  ///< a profile of targets/, or a file; empty for services
  std::string engine = "onnxruntime";  ///< of a place that is this machine
  std::string precision;               ///< empty: the profile's
  /// That it runs in place of the spec's own, on the same inputs; empty: the spec's own.
  std::filesystem::path model;
  std::filesystem::path samples;  ///< of a service in a cascade: CSV of ParseCascadeSamples
  int threads = 1;
  /// Processors that a container's limit leaves of this machine; absent: one for each thread.
  std::optional<double> cpu_limit;
  double price_per_hour = 0;  ///< while it stands ready
  double price_per_call = 0;
  std::optional<double> latency_s;  ///< declared; required for a service
  std::optional<double> accuracy;   ///< declared, in the metric's unit; required for a service
  Endpoint server;                  ///< of a place that `shoehorn run` asks
  std::string backend = "onnxruntime";
  int instances = 1, least_replicas = 1, most_replicas = 4;
};

/// A link between the device and another place: a recorded trace, or declared.
struct LinkSpec {
  std::string to;  ///< a place's name
  std::filesystem::path trace, round_trip_trace;
  std::optional<double> uplink, downlink;  ///< bytes a second
  std::optional<double> round_trip_s;
  std::optional<double> outage_every_s, outage_lasts_s;  ///< means of exponential distributions
  int64_t seed = 1;
};

/// The device answers first with the spec's model; places with models of their own are asked when it is not
/// sure.
struct CascadeSpec {
  std::string output;               ///< of the spec's model, whose Confidence() counts
  std::optional<double> threshold;  ///< absent: chosen on labelled samples
};

enum class Goal { kResponseP50, kResponseP99, kEnergy, kMoney, kBytes };
std::string_view NameOf(Goal goal);  ///< "response_p50", "response_p99", "energy", "money", "bytes"

/// What must hold; absent members are not required.
struct PlaceLimits {
  std::optional<double> response_p50_s, response_p99_s;
  std::optional<double> energy_j;  ///< on the device, for each frame
  std::optional<double> bytes_per_month, money_per_month;
  /// Of the metric's own unit, against the best model that the spec names: see Decision::best_accuracy.
  std::optional<double> accuracy_drop;
  std::optional<double> missed;  ///< share of frames answered after the deadline
};

struct PlaceSpec {
  fit::Spec fit;
  Goal goal = Goal::kResponseP50;
  double deadline_s = 0;
  double rate_per_s = 0;
  double hours_per_month = 200;  ///< of driving; for bytes, money
  std::vector<Packing> packings = {Packing::kNone};
  bool compress = false;
  std::vector<std::string> keep_private;  ///< values that may not leave the device
  std::vector<std::string> only;          ///< cuts or names that may be chosen; empty: any
  bool without_link = true;               ///< each frame must get an answer when the link is down
  std::vector<Site> sites;
  std::vector<LinkSpec> links;
  PlaceLimits limits;
  std::optional<CascadeSpec> cascade;
  std::optional<EventRule> events;
};

/// Errors: no section [place]; a key that is wrong, unknown or missing (with its line); no or two devices; a
/// link to an unknown place; a place without a link; a cascade that nobody completes.
Result<PlaceSpec> LoadPlaceSpec(const std::filesystem::path& path);

/// Every key, as docs/place-spec.md writes it: "place.deadline", "place.site.target".
std::vector<std::string> PlaceSpecKeys();

}  // namespace shoehorn::place
