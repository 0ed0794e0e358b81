// A metric of the user's own: for each sample the outputs are written as NAME.npy into a folder of their own,
// `command FOLDER` is run by the shell and the one number that it prints is the sample's score; the mean over
// samples is the value.
//   command = "python3 my_metric.py"     my_metric.py: numpy.load(sys.argv[1] + "/scores.npy") ...
//   print(0.93)
// The command's environment holds SHOEHORN_SAMPLE (the sample's file name) and SHOEHORN_LABEL (its text).
#include <fmt/format.h>
#include <sys/wait.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <system_error>

#include "data/metric_support.h"
#include "data/npy.h"
#include "support/files.h"
#include "support/temporary.h"

namespace shoehorn::data {
namespace {

namespace fs = std::filesystem;

std::string Quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

/// Output names may hold slashes and other things that a file name should not.
std::string FileName(std::string name) {
  std::ranges::replace_if(
      name, [](unsigned char c) { return !std::isalnum(c) && c != '.' && c != '_' && c != '-'; }, '_');
  return name + ".npy";
}

class External : public Metric {
 public:
  External(std::string command, bool higher_is_better, std::vector<std::string> names)
      : command_(std::move(command)), higher_is_better_(higher_is_better), names_(std::move(names)) {}
  std::string name() const override { return "external"; }
  bool higher_is_better() const override { return higher_is_better_; }

  Result<Observation> Observe(const Sample& sample, std::span<const ir::Tensor> outputs,
                              std::span<const ir::Tensor>) const override {
    SHOEHORN_ASSIGN(const auto folder, TemporaryFolder::Create());
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (ir::BitsOf(outputs[i].type()) < 8 || !outputs[i].ToDoubles())
        return SampleError(name(), sample, fmt::format("an output of {}", ShapeText(outputs[i])),
                           "outputs of numbers");
      const std::string file = FileName(i < names_.size() ? names_[i] : fmt::format("output_{}", i));
      SHOEHORN_TRY(WriteAtomically(folder->path() / file, FormatNpy(outputs[i])));
    }
    const std::string line =
        fmt::format("SHOEHORN_SAMPLE={} SHOEHORN_LABEL={}; export SHOEHORN_SAMPLE SHOEHORN_LABEL; {} {}",
                    Quoted(sample.id), Quoted(sample.label.text), command_, Quoted(folder->path().string()));
    FILE* pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr)
      return SampleError(name(), sample, fmt::format("cannot run '{}'", command_), "a command of the shell");
    std::string printed;
    constexpr size_t kLimit = 4096;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
      if (printed.size() < kLimit) printed += static_cast<char>(c);
    const int status = ::pclose(pipe);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      return SampleError(name(), sample,
                         fmt::format("'{}' ended with status {}", command_,
                                     WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)),
                         "status 0");
    const size_t begin = printed.find_first_not_of(" \t\r\n");
    const size_t end = printed.find_last_not_of(" \t\r\n");
    const std::string_view text =
        begin == std::string::npos ? "" : std::string_view(printed).substr(begin, end - begin + 1);
    double value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || stop != text.data() + text.size() || !std::isfinite(value))
      return SampleError(name(), sample, fmt::format("'{}' printed '{}'", command_, text.substr(0, 80)),
                         "one finite number");
    return Observation{value};
  }
  double Score(std::span<const Observation* const> rows) const override { return MeanOfFirst(rows); }

 private:
  std::string command_;
  bool higher_is_better_;
  std::vector<std::string> names_;
};

}  // namespace

Result<std::unique_ptr<Metric>> MakeExternal(const MetricSpec& spec, size_t,
                                             const std::vector<std::string>& output_names) {
  if (spec.command.empty())
    return Diagnostic{.place = "metric.command",
                      .found = "no command",
                      .expected = "the command that prints a sample's score"};
  return std::unique_ptr<Metric>(
      std::make_unique<External>(spec.command, spec.higher_is_better, output_names));
}

}  // namespace shoehorn::data
