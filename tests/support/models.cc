#include "support/models.h"

#include <algorithm>
#include <cctype>
#include <ostream>

#include "support/check.h"

namespace shoehorn::testing {
namespace {

InputOptions Shapes(std::map<std::string, ir::Shape> shapes, int64_t lowest_int = 0,
                    int64_t highest_int = 1) {
  InputOptions options;
  options.shapes = std::move(shapes);
  options.lowest_int = lowest_int;
  options.highest_int = highest_int;
  return options;
}

}  // namespace

std::filesystem::path RealModel::path() const {
  const std::filesystem::path path = std::filesystem::path(SHOEHORN_DEPS_DIR) / "models" / file;
  return std::filesystem::exists(path) ? path : std::filesystem::path(SHOEHORN_DATA_DIR) / "models" / file;
}

std::span<const RealModel> RealModels() {
  // Silero's integer input is the rate of sampling.
  static const InputOptions silero = Shapes({{"input", {1, 576}}, {"state", {2, 1, 128}}}, 16000, 16000);
  static const std::vector<RealModel> models = {
      {"efficientnet_lite0.onnx"},
      {"lprnet.onnx"},
      {"mlperf_ad01_ae.onnx"},
      {"mlperf_ic01_resnet8.onnx"},
      {"mlperf_kws01_dscnn.onnx"},
      {"ultraface_rfb320.onnx"},
      {"ultraface_rfb320_nopost.onnx"},
      {"yolox_nano.onnx"},
      {"yunet_n_320.onnx"},
      {"yunet_n_dynamic.onnx", Shapes({{"input", {1, 3, 96, 128}}})},
      {"ch_PP-OCRv4_det_infer.onnx", Shapes({{"x", {1, 3, 96, 128}}})},
      {"ch_PP-OCRv4_rec_infer.onnx", Shapes({{"x", {2, 3, 48, 160}}})},
      {"ch_ppocr_mobile_v2.0_cls_infer.onnx", Shapes({{"x", {2, 3, 48, 192}}})},
      {"magika_standard_v3_3.onnx", Shapes({{"bytes", {2, 2048}}}, 0, 256)},
      {"silero_vad.onnx", silero, false},
      {"silero_vad_16k_op15.onnx", silero},
      {"silero_vad_16k_sequence.onnx", Shapes({{"input", {3, 576}}})},
      {"silero_vad_half.onnx", silero},
      {"silero_vad_op18_ifless.onnx", silero},
      {"silero_vad_openvino_16k.onnx"},
  };
  return models;
}

const RealModel& FindRealModel(std::string_view file) {
  for (const RealModel& model : RealModels())
    if (file == model.file) return model;
  SHOEHORN_CHECK(false, "no real model of this name");
}

std::string TestName(std::string_view file) {
  std::string name(file);
  std::ranges::replace_if(
      name, [](unsigned char letter) { return std::isalnum(letter) == 0; }, '_');
  return name;
}

void PrintTo(const RealModel& model, std::ostream* stream) { *stream << model.file; }

}  // namespace shoehorn::testing
