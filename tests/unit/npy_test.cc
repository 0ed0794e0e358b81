// .npy and .npz: what NumPy writes is read, what is broken is refused, garbage never crashes.
#include "data/npy.h"

#include <gmock/gmock.h>

#include <random>

#include "data/samples.h"
#include "support/files.h"
#include "support/scratch.h"

namespace shoehorn::data {
namespace {

using ::testing::ElementsAre;

const std::filesystem::path kFixtures = std::filesystem::path(SHOEHORN_SOURCE_DIR) / "tests/fixtures/data";

Result<ir::Tensor> Parse(std::string_view text) { return ParseNpy(std::as_bytes(std::span(text)), "t.npy"); }

std::string Npy(std::string header, std::string_view data, char version = 1) {
  std::string out = "\x93NUMPY";
  out += {version, '\0', static_cast<char>(header.size()), '\0'};
  if (version > 1) out += std::string(2, '\0');
  return out + header + std::string(data);
}

TEST(Npy, RoundTrip) {
  const ir::Tensor tensor = ir::Tensor::Of<int64_t>({2, 2}, {1, -2, 3, int64_t{1} << 40});
  const std::string text = FormatNpy(tensor);
  EXPECT_EQ((text.size() - 32) % 64, 0u);
  EXPECT_EQ(*Parse(text), tensor);
  const ir::Tensor scalar = ir::Tensor::Scalar(1.5f);
  EXPECT_EQ(*Parse(FormatNpy(scalar)), scalar);
}

TEST(Npy, WhatNumPyWrites) {
  const auto fortran = ReadNpy(kFixtures / "fortran.npy");
  ASSERT_TRUE(fortran.ok()) << fortran.error().Text();
  EXPECT_EQ(fortran->dims(), (ir::Shape{2, 3}));
  EXPECT_THAT(fortran->As<float>(), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(ReadNpy(kFixtures / "half.npy")->type(), ir::DataType::kFloat16);
  EXPECT_EQ(ReadNpy(kFixtures / "big_endian.npy").error().found, "type '>f4'");
}

TEST(Npy, Versions) {
  const std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n";
  EXPECT_THAT(Parse(Npy(header, "ab", 2))->As<uint8_t>(), ElementsAre('a', 'b'));
  EXPECT_THAT(Parse(Npy(header, "ab", 3))->As<uint8_t>(), ElementsAre('a', 'b'));
  EXPECT_EQ(Parse(Npy(header, "ab", 4)).error().Text(),
            "error: t.npy: header: version 4\n  expected: version 1, 2 or 3 of the .npy format");
}

TEST(Npy, Errors) {
  EXPECT_EQ(Parse("not an array").error().Text(),
            "error: t.npy: header: no NumPy array\n  expected: a file written by numpy.save");
  EXPECT_EQ(Parse(Npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}", "abc")).error().Text(),
            "error: t.npy: 3 bytes of data\n  expected: 2 bytes for uint8 [2]\n  fix: the file was cut or "
            "changed: write it again");
  EXPECT_EQ(Parse(Npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", "")).error().Text(),
            "error: t.npy: header: type '|O'\n  expected: a little-endian number or boolean, such as '<f4' "
            "or '|u1'\n"
            "  fix: convert it before saving: array.astype(numpy.float32)");
  EXPECT_EQ(Parse(Npy("{'descr': '|u1', 'fortran_order': Maybe, 'shape': (2,)}", "")).error().Text(),
            "error: t.npy: header: a header that breaks off at its character 34\n"
            "  expected: {'descr': '<f4', 'fortran_order': False, 'shape': (1, 3)}");
  EXPECT_EQ(Parse(Npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", ""))
                .error()
                .expected,
            "more than 2^48 bytes for double [4294967296, 4294967296]");
}

TEST(Npy, GarbageIsRefusedOrRead) {
  const std::string whole = FormatNpy(ir::Tensor::Of<float>({2, 3}, {0, 1, 2, 3, 4, 5}));
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string text = whole.substr(0, random() % (whole.size() + 1));
    for (unsigned changes = random() % 4; changes > 0 && !text.empty(); --changes)
      text[random() % text.size()] = static_cast<char>(random());
    const auto tensor = Parse(text);
    if (tensor.ok()) {
      EXPECT_LE(tensor->byte_size(), text.size());
    }
  }
}

TEST(Npz, StoredAndDeflated) {
  const auto deflated = ReadNpz(kFixtures / "deflated.npz");
  ASSERT_TRUE(deflated.ok()) << deflated.error().Text();
  EXPECT_THAT(deflated->at("a").As<float>(), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(deflated->at("b").As<int64_t>(), ElementsAre(7, -8));
  EXPECT_EQ(ReadNpz(kFixtures / "stored.npz")->at("a"), deflated->at("a"));
}

TEST(Npz, Errors) {
  const testing::Scratch scratch;
  const std::string whole = ReadText(kFixtures / "deflated.npz").value();
  EXPECT_EQ(ReadNpz(scratch.Write("no.npz", "no zip")).error().expected,
            "a file written by numpy.savez or numpy.savez_compressed");
  EXPECT_FALSE(ReadNpz(scratch.Write("cut.npz", whole.substr(0, whole.size() / 2))).ok());
  EXPECT_EQ(ReadNpz(kFixtures / "stored.npz", 10).error().place, "array 'a.npy'");
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string text = whole;
    for (int changes = 0; changes < 3; ++changes) text[random() % text.size()] = static_cast<char>(random());
    (void)ReadNpz(scratch.Write("garbage.npz", text), 1 << 20);
  }
}

TEST(Npz, InputsByName) {
  InputSpec a, b;
  a.name = "a";
  a.shape = {1, 2, 3};
  b.name = "b";
  b.shape = {2};
  b.type = ir::DataType::kInt64;
  const testing::Scratch scratch;
  scratch.Write("s/x.npz", ReadText(kFixtures / "deflated.npz").value());
  SamplesSpec spec;
  spec.format = SampleFormat::kNpz;
  spec.folder = scratch.path() / "s";
  const auto sample = (*OpenSamples(spec, {b, a}))->Load(0);
  ASSERT_TRUE(sample.ok()) << sample.error().Text();
  EXPECT_THAT(sample->inputs[0].As<int64_t>(), ElementsAre(7, -8));
  EXPECT_EQ(sample->inputs[1].dims(), (ir::Shape{1, 2, 3}));

  b.name = "c";
  EXPECT_EQ(scratch.Masked((*OpenSamples(spec, {b, a}))->Load(0).error().Text()),
            "error: DIR/s/x.npz: no array 'c'; it holds a, b\n  expected: one array for each input of the "
            "model, by its name");
  b.name = "b";
  b.type = ir::DataType::kFloat;
  EXPECT_EQ(scratch.Masked((*OpenSamples(spec, {b, a}))->Load(0).error().Text()),
            "error: DIR/s/x.npz/b.npy: int64 [2]\n  expected: float [2], as input 'b'\n"
            "  fix: save the array as float, or set mean and scale to have it converted");
  a.shape = {2, 2};
  EXPECT_EQ(scratch.Masked((*OpenSamples(spec, {a}))->Load(0).error().Text()),
            "error: DIR/s/x.npz/a.npy: float [2, 3]\n  expected: float [2, 2], as input 'a'");
}

}  // namespace
}  // namespace shoehorn::data
