#include "cli/run_options.h"

#include <CLI/CLI.hpp>

namespace shoehorn::cli {

std::shared_ptr<runtime::AgentOptions> AddRunOptions(CLI::App& app) {
  auto options = std::make_shared<runtime::AgentOptions>();
  app.add_option("PLAN", options->plan, "plan.json that 'shoehorn place' wrote")->required();
  app.add_option(
         "--frames", options->frames,
         "A folder of samples, or - for standard input: the bytes of the model's inputs, frame after frame")
      ->required();
  const std::map<std::string, data::SampleFormat> formats = {{"images", data::SampleFormat::kImages},
                                                             {"npy", data::SampleFormat::kNpy},
                                                             {"npz", data::SampleFormat::kNpz},
                                                             {"raw", data::SampleFormat::kRaw}};
  app.add_option("--format", options->format, "What lies in the folder: images, npy, npz or raw")
      ->transform(CLI::CheckedTransformer(formats))
      ->default_str("images");
  app.add_option("--rate", options->rate_per_s, "Frames a second; the plan's when left out")
      ->check(CLI::Range(0.001, 1e5));
  app.add_option("--count", options->count, "Stop after so many frames; 0: when they end")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--repeat", options->repeat, "Take the folder's samples over and over");
  app.add_option("--answers", options->answers,
                 "Add a line of JSON for each frame to this file, - for standard output");
  app.add_flag("--values", options->values, "Write all elements of the outputs into the answers");
  app.add_option("--metrics", options->metrics_port,
                 "Metrics for Prometheus on this local port; 0 takes a free one")
      ->check(CLI::Range(0, 65535));
  app.add_option("--linger", options->linger_s, "Seconds to go on sending events after the last frame")
      ->check(CLI::Range(0.0, 86400.0));
  return options;
}

}  // namespace shoehorn::cli
