// What a profile says of its device: every figure arrives in base units with its kind and source, and
// whatever is wrong is told with file, line and key.
#include <gmock/gmock.h>

#include "support/files.h"
#include "support/scratch.h"
#include "targets/device_toml.h"
#include "targets/profile.h"
#include "targets/rule.h"

namespace shoehorn::targets {
namespace {

constexpr char kProfile[] = R"(name = "toy"
title = "Toy"
accelerator = "onnxruntime_cpu"

[device]
memory = { value = "2 GiB", kind = "reported", source = "page 1" }
idle_power = { value = "1500 mW", kind = "measured", source = "page 2" }
sustained_power = { value = "5 W", kind = "inferred", source = "page 3" }
battery = { value = "20 Wh", kind = "reported", source = "page 4" }

[[unit]]
name = "cpu"
kind = "cpu"
runtime = "onnxruntime"
peak = { fp32 = { value = "8 GFLOPS", kind = "inferred", source = "page 5" } }
bandwidth = { value = "4 GB/s", kind = "inferred", source = "page 6" }
dispatch = { value = "10 us", kind = "inferred", source = "page 7" }

[[unit]]
name = "npu"
kind = "npu"
accelerator = "qnn_htp"
runtime = "qnn"
peak = { int8 = { value = "2 TOPS", kind = "reported", source = "page 8" } }
bandwidth = { value = "4 GB/s", kind = "inferred", source = "page 9" }
memory = { value = "8 MiB", kind = "reported", source = "page 10" }
dispatch = { value = "0 us", kind = "inferred", source = "page 11" }
operator = { value = "5 us", kind = "inferred", source = "page 12" }
busy_power = { value = "250 mW", kind = "inferred", source = "page 13" }
efficiency = { value = 0.25, kind = "measured", source = "page 14" }

[[copy]]
between = ["cpu", "npu"]
bandwidth = { value = "500 MB/s", kind = "reported", source = "page 15" }
latency = { value = "30 us", kind = "inferred", source = "page 16" }
)";

class DeviceProfile : public ::testing::Test {
 protected:
  Result<Profile> Load(std::string_view text) {
    scratch_.Write("toy.toml", std::string(text));
    return LoadProfile(scratch_.path() / "toy.toml");
  }
  /// What is said of the profile above with `from` (which it holds) replaced by `to`.
  std::string Complaint(const std::string& from, const std::string& to) {
    std::string text = kProfile;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const auto profile = Load(text);
    return profile.ok() ? "none" : scratch_.Masked(profile.error().Text());
  }

  testing::Scratch scratch_;
};

TEST_F(DeviceProfile, ArrivesInBaseUnits) {
  const auto profile = Load(kProfile);
  ASSERT_TRUE(profile.ok()) << profile.error().Text();
  ASSERT_TRUE(profile->device.has_value());
  const Device& device = *profile->device;
  EXPECT_DOUBLE_EQ(device.memory->value, 2.0 * 1024 * 1024 * 1024);
  EXPECT_DOUBLE_EQ(device.idle_power->value, 1.5);
  EXPECT_EQ(device.idle_power->kind, FactKind::kMeasured);
  EXPECT_EQ(device.idle_power->source, "page 2");
  EXPECT_DOUBLE_EQ(device.sustained_power->value, 5);
  EXPECT_DOUBLE_EQ(device.battery->value, 72000);
  ASSERT_EQ(device.units.size(), 2u);
  const Unit& cpu = *device.Find("cpu");
  EXPECT_EQ(cpu.kind, UnitKind::kCpu);
  EXPECT_EQ(cpu.accelerator, "");
  EXPECT_DOUBLE_EQ(cpu.peak.at("fp32").value, 8e9);
  EXPECT_FALSE(cpu.memory || cpu.per_operator || cpu.busy_power || cpu.efficiency);
  const Unit& npu = *device.Find("npu");
  EXPECT_EQ(npu.kind, UnitKind::kNpu);
  EXPECT_EQ(npu.accelerator, "qnn_htp");
  EXPECT_EQ(npu.runtime, "qnn");
  EXPECT_DOUBLE_EQ(npu.peak.at("int8").value, 2e12);
  EXPECT_DOUBLE_EQ(npu.bandwidth.value, 4e9);
  EXPECT_DOUBLE_EQ(npu.memory->value, 8.0 * 1024 * 1024);
  EXPECT_DOUBLE_EQ(npu.dispatch.value, 0);
  EXPECT_DOUBLE_EQ(npu.per_operator->value, 5e-6);
  EXPECT_DOUBLE_EQ(npu.busy_power->value, 0.25);
  EXPECT_DOUBLE_EQ(npu.efficiency->value, 0.25);
  EXPECT_EQ(device.Find("gpu"), nullptr);
  const Copy* copy = device.Between("npu", "cpu");
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(copy, device.Between("cpu", "npu"));
  EXPECT_DOUBLE_EQ(copy->bandwidth.value, 5e8);
  EXPECT_DOUBLE_EQ(copy->latency.value, 30e-6);
  EXPECT_TRUE(profile->Speaks("onnxruntime_cpu"));
  EXPECT_TRUE(profile->Speaks("qnn_htp"));
  EXPECT_FALSE(profile->Speaks("tensorrt"));
}

TEST_F(DeviceProfile, IsAbsentWhereTheProfileSaysNothing) {
  const auto profile = Load("name = \"toy\"\ntitle = \"Toy\"\naccelerator = \"onnxruntime_cpu\"\n");
  ASSERT_TRUE(profile.ok()) << profile.error().Text();
  EXPECT_FALSE(profile->device.has_value());
}

TEST_F(DeviceProfile, AnUnknownAcceleratorTakesNothing) {
  const auto profile = Load("name = \"toy\"\ntitle = \"Toy\"\naccelerator = \"unknown\"\n");
  ASSERT_TRUE(profile.ok()) << profile.error().Text();
  EXPECT_FALSE(profile->HasRules());
  const Accelerator* rules = FindAccelerator(profile->accelerator);
  ASSERT_NE(rules, nullptr);
  EXPECT_TRUE(rules->rows.empty());
  EXPECT_FALSE(rules->complete);
  EXPECT_EQ(Complaint("accelerator = \"qnn_htp\"", "accelerator = \"unknown\""), "none");
}

TEST_F(DeviceProfile, MissingKeysAreNamedWithAnExample) {
  EXPECT_EQ(Complaint("dispatch = { value = \"0 us\", kind = \"inferred\", source = \"page 11\" }\n", ""),
            "error: DIR/toy.toml: line 19: unit[1]: the key 'dispatch' is missing\n"
            "  expected: dispatch = { value = \"200 us\", kind = ..., source = ... }");
  EXPECT_EQ(Complaint("name = \"npu\"\n", ""),
            "error: DIR/toy.toml: line 19: unit[1]: the key 'name' is missing\n  expected: name = \"npu\"");
  EXPECT_EQ(Complaint("runtime = \"qnn\"\n", ""),
            "error: DIR/toy.toml: line 19: unit[1]: the key 'runtime' is missing\n"
            "  expected: runtime = \"onnxruntime\"");
  EXPECT_EQ(Complaint("latency = { value = \"30 us\", kind = \"inferred\", source = \"page 16\" }\n", ""),
            "error: DIR/toy.toml: line 32: copy[0]: the key 'latency' is missing\n"
            "  expected: latency = { value = \"30 us\", kind = ..., source = ... }");
}

TEST_F(DeviceProfile, NumbersThatCannotBeAreRefused) {
  EXPECT_EQ(Complaint("\"2 TOPS\"", "\"-2 TOPS\""),
            "error: DIR/toy.toml: line 24: unit[1].peak.int8.value: '-2 TOPS' is below 0\n"
            "  expected: a number above 0");
  EXPECT_EQ(Complaint("\"250 mW\"", "\"-1 W\""),
            "error: DIR/toy.toml: line 29: unit[1].busy_power.value: '-1 W' is below 0\n"
            "  expected: 0 or more");
  EXPECT_EQ(Complaint("\"500 MB/s\"", "\"0 MB/s\""),
            "error: DIR/toy.toml: line 34: copy[0].bandwidth.value: '0 MB/s' is 0\n"
            "  expected: a number above 0");
  EXPECT_EQ(Complaint("value = 0.25", "value = 1.5"),
            "error: DIR/toy.toml: line 30: unit[1].efficiency.value: the share is 1.5\n"
            "  expected: a number above 0, at most 1");
  EXPECT_EQ(Complaint("value = 0.25", "value = \"high\""),
            "error: DIR/toy.toml: line 30: unit[1].efficiency.value: the string \"high\"\n"
            "  expected: a number");
  EXPECT_EQ(Complaint("value = 0.25", "value = nan"),
            "error: DIR/toy.toml: line 30: unit[1].efficiency.value: the number nan\n  expected: a number");
}

TEST_F(DeviceProfile, UnitsThatDoNotConvertAreRefused) {
  EXPECT_EQ(Complaint("\"5 W\"", "\"5 V\""),
            "error: DIR/toy.toml: line 8: device.sustained_power.value: '5 V' is not a power\n"
            "  expected: a number and a unit: \"3 W\" (uW, mW, W, kW)");
  EXPECT_EQ(Complaint("\"20 Wh\"", "\"20 W\""),
            "error: DIR/toy.toml: line 9: device.battery.value: '20 W' is not an energy\n"
            "  expected: a number and a unit: \"20 Wh\" (uJ, mJ, J, kJ, mWh, Wh, kWh)");
  EXPECT_EQ(
      Complaint("\"500 MB/s\"", "\"500 MB\""),
      "error: DIR/toy.toml: line 34: copy[0].bandwidth.value: '500 MB' is not a rate of bytes\n"
      "  expected: a number and a unit: \"12.8 GB/s\" (B/s, kB/s, MB/s, GB/s, TB/s, KiB/s, MiB/s, GiB/s, "
      "bit/s, kbit/s, Mbit/s, Gbit/s)");
  EXPECT_EQ(Complaint("\"2 TOPS\"", "2"),
            "error: DIR/toy.toml: line 24: unit[1].peak.int8.value: 2 has no unit\n"
            "  expected: a number with its unit, in quotes: \"12 TOPS\"");
  EXPECT_EQ(Complaint("\"2 GiB\"", "true"),
            "error: DIR/toy.toml: line 6: device.memory.value: true\n  expected: a string in quotes");
}

TEST_F(DeviceProfile, FactsAreWhole) {
  EXPECT_EQ(Complaint("{ value = \"2 GiB\", kind = \"reported\", source = \"page 1\" }", "\"2 GiB\""),
            "error: DIR/toy.toml: line 6: device.memory: a fact is a table\n"
            "  expected: { value = ..., kind = ..., source = ... }");
  EXPECT_EQ(Complaint("value = \"2 GiB\", ", ""),
            "error: DIR/toy.toml: line 6: device.memory: the fact has no value\n"
            "  expected: a key 'value': \"8 MiB\"");
  EXPECT_EQ(Complaint("kind = \"reported\", source = \"page 1\"", "source = \"page 1\""),
            "error: DIR/toy.toml: line 6: device.memory: the fact has no kind\n"
            "  expected: a key 'kind': measured, reported or inferred");
  EXPECT_EQ(Complaint(", source = \"page 1\"", ""),
            "error: DIR/toy.toml: line 6: device.memory: the fact has no source\n"
            "  expected: a key 'source': the public page or file that says so");
  EXPECT_EQ(Complaint("kind = \"reported\", source = \"page 1\"", "kind = \"guessed\", source = \"page 1\""),
            "error: DIR/toy.toml: line 6: device.memory.kind: 'guessed' is no kind of fact\n"
            "  expected: measured, reported or inferred");
}

TEST_F(DeviceProfile, UnknownKeysAndWordsGetASuggestion) {
  EXPECT_EQ(Complaint("[device]\nmemory", "[device]\nmemroy"),
            "error: DIR/toy.toml: line 6: device.memroy: unknown key\n"
            "  expected: one of memory, idle_power, sustained_power, battery\n"
            "  fix: did you mean 'memory'?");
  EXPECT_EQ(
      Complaint("busy_power", "busy_powr"),
      "error: DIR/toy.toml: line 29: unit[1].busy_powr: unknown key\n"
      "  expected: one of name, kind, accelerator, runtime, peak, bandwidth, memory, dispatch, operator, "
      "busy_power, efficiency\n"
      "  fix: did you mean 'busy_power'?");
  EXPECT_EQ(Complaint("int8 =", "int9 ="),
            "error: DIR/toy.toml: line 24: unit[1].peak.int9: unknown key\n"
            "  expected: one of fp32, fp16, bf16, int8\n"
            "  fix: did you mean 'int8'?");
  EXPECT_EQ(Complaint("kind = \"npu\"", "kind = \"tpu\""),
            "error: DIR/toy.toml: line 21: unit[1].kind: there is no kind of unit 'tpu'\n"
            "  expected: one of cpu, gpu, npu, mcu\n"
            "  fix: did you mean 'cpu'?");
  EXPECT_THAT(
      Complaint("accelerator = \"qnn_htp\"", "accelerator = \"qnn_htq\""),
      ::testing::AllOf(::testing::StartsWith("error: DIR/toy.toml: line 22: unit[1].accelerator: there is no "
                                             "accelerator 'qnn_htq'\n  expected: one of onnxruntime_cpu, "),
                       ::testing::HasSubstr(", unknown\n  fix: did you mean 'qnn_htp'?")));
  EXPECT_EQ(Complaint("{ fp32 = { value = \"8 GFLOPS\", kind = \"inferred\", source = \"page 5\" } }", "{}"),
            "error: DIR/toy.toml: line 15: unit[0].peak: the unit computes in no precision\n"
            "  expected: one or more of fp32, fp16, bf16, int8");
}

TEST_F(DeviceProfile, UnitsAndCopiesFitTogether) {
  EXPECT_EQ(Complaint("name = \"npu\"", "name = \"cpu\""),
            "error: DIR/toy.toml: line 20: unit[1].name: two units are called 'cpu'\n"
            "  expected: a name that no other unit has");
  EXPECT_EQ(Complaint("[\"cpu\", \"npu\"]", "[\"cpu\", \"npy\"]"),
            "error: DIR/toy.toml: line 33: copy[0].between[1]: there is no unit 'npy'\n"
            "  expected: one of cpu, npu\n"
            "  fix: did you mean 'npu'?");
  EXPECT_EQ(Complaint("[\"cpu\", \"npu\"]", "[\"cpu\", \"cpu\"]"),
            "error: DIR/toy.toml: line 33: copy[0].between: a copy from unit 'cpu' to itself\n"
            "  expected: the names of two units: [\"cpu\", \"npu\"]");
  EXPECT_EQ(Complaint("[\"cpu\", \"npu\"]", "[\"cpu\"]"),
            "error: DIR/toy.toml: line 33: copy[0].between: a copy between 1 unit\n"
            "  expected: the names of two units: [\"cpu\", \"npu\"]");
  EXPECT_EQ(Complaint("[[copy]]",
                      "[[copy]]\nbetween = [\"npu\", \"cpu\"]\n"
                      "bandwidth = { value = \"1 GB/s\", kind = \"inferred\", source = \"page\" }\n"
                      "latency = { value = \"1 us\", kind = \"inferred\", source = \"page\" }\n"
                      "[[copy]]"),
            "error: DIR/toy.toml: line 37: copy[1].between: a second copy between 'cpu' and 'npu'\n"
            "  expected: one for each pair of units: it holds in both directions");
  const std::string text = kProfile;
  const auto copyless = Load(text.substr(0, text.find("[[copy]]")));
  ASSERT_FALSE(copyless.ok());
  EXPECT_EQ(scratch_.Masked(copyless.error().Text()),
            "error: DIR/toy.toml: line 11: unit: no copy between unit 'cpu' and unit 'npu'\n"
            "  expected: [[copy]] with between = [\"cpu\", \"npu\"]");
  const auto unitless = Load(text.substr(0, text.find("[[unit]]")));
  ASSERT_FALSE(unitless.ok());
  EXPECT_EQ(
      scratch_.Masked(unitless.error().Text()),
      "error: DIR/toy.toml: line 5: device: the device has no unit\n  expected: [[unit]] at least once");
  const auto single =
      Load("name = \"toy\"\ntitle = \"Toy\"\naccelerator = \"unknown\"\n[unit]\nname = \"cpu\"\n");
  ASSERT_FALSE(single.ok());
  EXPECT_EQ(scratch_.Masked(single.error().Text()),
            "error: DIR/toy.toml: line 4: unit: 'unit' stands once, as a table\n"
            "  expected: [[unit]], in two brackets, as often as there are any");
}

TEST_F(DeviceProfile, TheDocumentationHasEveryKey) {
  const auto page = ReadText(std::filesystem::path(SHOEHORN_SOURCE_DIR) / "docs/profiles.md");
  ASSERT_TRUE(page.ok()) << page.error().Text();
  for (const std::string& key : DeviceKeys())
    EXPECT_THAT(*page, ::testing::HasSubstr("| `" + key + "` |")) << key;
}

TEST_F(DeviceProfile, TheExampleOfTheDocumentationIsRead) {
  const auto page = ReadText(std::filesystem::path(SHOEHORN_SOURCE_DIR) / "docs/profiles.md");
  ASSERT_TRUE(page.ok()) << page.error().Text();
  const size_t from = page->find("name = \"board\"");
  ASSERT_NE(from, std::string::npos);
  const auto file = scratch_.Write("board.toml", page->substr(from, page->find("```", from) - from));
  const auto profile = LoadProfile(file);
  ASSERT_TRUE(profile.ok()) << profile.error().Text();
  ASSERT_TRUE(profile->device.has_value());
  EXPECT_EQ(profile->device->units.size(), 2u);
}

}  // namespace
}  // namespace shoehorn::targets
