// Makes the demo's samples: number plates as a dash camera sees them, the same ones on every machine.
//   make_plates demo/plates     writes calibration/*.jpg, evaluation/*.jpg and a CSV beside each:
//   file,plate,scene
// A plate is set in one of eight real typefaces, then hung on a car: perspective, distance, motion blur,
// defocus, uneven light, and by day, by night (dark and noisy) or with glare. Letters I, O and Q are not
// used, as on most of Europe's plates.
#include <fmt/format.h>
#include <ft2build.h>
#include FT_FREETYPE_H

#include <array>
#include <cmath>
#include <iostream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <random>

#include "support/files.h"
#include "support/result.h"

namespace {

namespace fs = std::filesystem;
using shoehorn::Diagnostic;
using shoehorn::Result;
using shoehorn::Status;

constexpr std::array kFonts = {
    "dejavu/DejaVuSans-Bold.ttf",
    "dejavu/DejaVuSansMono-Bold.ttf",
    "liberation/LiberationSans-Bold.ttf",
    "liberation/LiberationSansNarrow-Bold.ttf",
    "roboto/unhinted/RobotoCondensed-Bold.ttf",
    "roboto/unhinted/RobotoTTF/Roboto-Medium.ttf",
    "b612/B612-Bold.otf",
    "b612/B612Mono-Bold.otf",
};

/// Seeded numbers that do not depend on the standard library's distributions.
class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  /// Each call draws once; two calls never stand among one call's arguments, whose order the language leaves
  /// open.
  double Between(double low, double high) {
    return low + (high - low) * (static_cast<double>(engine_()) / 4294967296.0);
  }
  int Below(int end) { return static_cast<int>(Between(0, end)); }
  bool Chance(double probability) { return Between(0, 1) < probability; }
  char Of(std::string_view characters) {
    return characters[static_cast<size_t>(Below(static_cast<int>(characters.size())))];
  }

 private:
  std::mt19937 engine_;
};

/// L: a letter, 9: a digit, the rest as it stands.
std::string PlateText(Random& random) {
  constexpr std::array kForms = {"LL LL 9999", "L LL 999", "LL L 9999", "LL99 LLL",
                                 "LL-999-LL",  "99-LLL-9", "LLL 999",   "9LL 9999"};
  std::string text = kForms[static_cast<size_t>(random.Below(kForms.size()))];
  for (char& c : text)
    c = c == 'L' ? random.Of("ABCDEFGHJKLMNPRSTUVWXYZ") : c == '9' ? random.Of("0123456789") : c;
  return text;
}

/// One typeface of the system.
class Font {
 public:
  static Result<std::unique_ptr<Font>> Open(FT_Library library, const std::string& name) {
    const std::string root =
        name.ends_with(".otf") ? "/usr/share/fonts/opentype/" : "/usr/share/fonts/truetype/";
    FT_Face face = nullptr;
    if (FT_New_Face(library, (root + name).c_str(), 0, &face) != 0)
      return Diagnostic{.file = root + name,
                        .found = "a font that cannot be opened",
                        .fix = "run 'make setup', it installs the fonts"};
    return std::make_unique<Font>(face);
  }
  explicit Font(FT_Face face) : face_(face) {}
  ~Font() { FT_Done_Face(face_); }
  Font(const Font&) = delete;
  Font& operator=(const Font&) = delete;

  /// Ink of the text, 0 to 255, cut to its bounds; `spacing` is put between letters, in pixels.
  cv::Mat Ink(const std::string& text, int height, int spacing) const {
    FT_Set_Pixel_Sizes(face_, 0, static_cast<FT_UInt>(height));
    cv::Mat ink = cv::Mat::zeros(2 * height, static_cast<int>(text.size() + 1) * (height + spacing), CV_8U);
    int pen = spacing;
    for (const char c : text) {
      if (FT_Load_Char(face_, static_cast<FT_ULong>(c), FT_LOAD_RENDER) != 0) continue;
      const FT_GlyphSlot glyph = face_->glyph;
      const int rows = static_cast<int>(glyph->bitmap.rows), columns = static_cast<int>(glyph->bitmap.width);
      const cv::Rect place(std::max(0, pen + glyph->bitmap_left),
                           std::max(0, 3 * height / 2 - glyph->bitmap_top), columns, rows);
      const cv::Rect inside = place & cv::Rect({0, 0}, ink.size());
      if (inside.area() > 0) {
        const cv::Mat bitmap(rows, columns, CV_8U, glyph->bitmap.buffer,
                             static_cast<size_t>(glyph->bitmap.pitch));
        cv::Mat under = ink(inside);
        cv::max(under, bitmap(cv::Rect({0, 0}, inside.size())), under);
      }
      pen += static_cast<int>(glyph->advance.x >> 6) + spacing;
    }
    return ink(cv::boundingRect(ink)).clone();
  }

 private:
  FT_Face face_;
};

constexpr int kPlateWidth = 520, kPlateHeight = 112;  // millimetres of a European plate, one pixel each

/// The plate itself, flat and clean.
cv::Mat Plate(const Font& font, const std::string& text, Random& random) {
  const bool yellow = random.Chance(0.25), band = random.Chance(0.6);
  const cv::Scalar paint = yellow ? cv::Scalar(40, 190, 240) : cv::Scalar::all(random.Between(215, 250));
  cv::Mat plate(kPlateHeight, kPlateWidth, CV_8UC3, paint);
  cv::rectangle(plate, {2, 2}, {kPlateWidth - 3, kPlateHeight - 3}, cv::Scalar::all(30), 3, cv::LINE_AA);
  const int left = band ? 50 : 14;
  if (band) cv::rectangle(plate, {4, 4}, {42, kPlateHeight - 5}, cv::Scalar(150, 60, 10), cv::FILLED);

  cv::Mat ink = font.Ink(text, 100, 3 + random.Below(8));
  const int room = kPlateWidth - left - 14, height = 70 + random.Below(12);
  const int width = std::min(room, ink.cols * height / ink.rows);
  cv::resize(ink, ink, {width, height}, 0, 0, cv::INTER_AREA);
  cv::Mat area = plate(cv::Rect(left + (room - width) / 2, (kPlateHeight - height) / 2, width, height));
  const cv::Mat colour(area.size(), CV_8UC3, cv::Scalar::all(random.Between(10, 45)));
  colour.copyTo(area, ink > 110);
  return plate;
}

/// The plate on its car, seen from the side, above or below.
cv::Mat Hang(const cv::Mat& plate, Random& random) {
  const cv::Size crop(512, 128);
  const double body = random.Between(15, 170);
  cv::Mat scene(crop, CV_8UC3,
                cv::Scalar{body, body * random.Between(0.8, 1.1), body * random.Between(0.8, 1.2)});
  const auto w = static_cast<float>(crop.width), h = static_cast<float>(crop.height);
  const auto jitter = [&](double most) { return static_cast<float>(random.Between(0, most)); };
  const double turn = random.Between(-0.10, 0.10);  // of the height: the plate rises or falls to the right
  const auto rise = static_cast<float>(turn * h);
  const float margin_x = 0.02f * w + jitter(0.03) * w, margin_y = 0.06f * h + std::abs(rise) / 2;
  const std::array<cv::Point2f, 4> from = {
      cv::Point2f(0, 0), {kPlateWidth, 0}, {kPlateWidth, kPlateHeight}, {0, kPlateHeight}};
  const std::array<cv::Point2f, 4> to = {
      cv::Point2f(margin_x + jitter(0.04) * w, margin_y - rise / 2 + jitter(0.12) * h),
      cv::Point2f(w - margin_x - jitter(0.04) * w, margin_y + rise / 2 + jitter(0.12) * h),
      cv::Point2f(w - margin_x - jitter(0.04) * w, h - margin_y + rise / 2 - jitter(0.12) * h),
      cv::Point2f(margin_x + jitter(0.04) * w, h - margin_y - rise / 2 - jitter(0.12) * h)};
  cv::warpPerspective(plate, scene, cv::getPerspectiveTransform(from, to), crop, cv::INTER_AREA,
                      cv::BORDER_TRANSPARENT);
  return scene;
}

/// Light that falls off to one side.
void Shade(cv::Mat& scene, double strength, Random& random) {
  const double angle = random.Between(0, 2 * CV_PI);
  for (int y = 0; y < scene.rows; ++y)
    for (int x = 0; x < scene.cols; ++x) {
      const double along = (x - scene.cols / 2.0) / scene.cols * std::cos(angle) +
                           (y - scene.rows / 2.0) / scene.rows * std::sin(angle);
      for (int c = 0; c < 3; ++c) {
        uint8_t& value = scene.at<cv::Vec3b>(y, x)[c];
        value = cv::saturate_cast<uint8_t>(value * (1 - strength * (0.5 + along)));
      }
    }
}

/// A lamp's or the sun's reflection.
void Glare(cv::Mat& scene, Random& random) {
  cv::Mat light = cv::Mat::zeros(scene.size(), CV_8UC3);
  const cv::Point centre{random.Below(scene.cols), random.Below(scene.rows)};
  const cv::Size axes{20 + random.Below(60), 12 + random.Below(30)};
  const double angle = random.Between(0, 180), strength = random.Between(110, 190);
  cv::ellipse(light, centre, axes, angle, 0, 360, cv::Scalar::all(strength), cv::FILLED);
  cv::GaussianBlur(light, light, {}, random.Between(12, 26));
  cv::add(scene, light, scene);
}

void MotionBlur(cv::Mat& scene, int length, double angle) {
  cv::Mat kernel = cv::Mat::zeros(length, length, CV_32F);
  const double c = (length - 1) / 2.0;
  cv::line(kernel, cv::Point2d(c - c * std::cos(angle), c - c * std::sin(angle)),
           cv::Point2d(c + c * std::cos(angle), c + c * std::sin(angle)), cv::Scalar(1));
  cv::filter2D(scene, scene, -1, kernel / cv::sum(kernel)[0], {-1, -1}, 0, cv::BORDER_REPLICATE);
}

void Noise(cv::Mat& image, double sigma, Random& random) {
  for (auto pixel = image.begin<cv::Vec3b>(); pixel != image.end<cv::Vec3b>(); ++pixel)
    for (int c = 0; c < 3; ++c) {
      double sum = 0;  // of four uniform numbers: near enough to a normal one
      for (int i = 0; i < 4; ++i) sum += random.Between(-1, 1);
      (*pixel)[c] = cv::saturate_cast<uint8_t>((*pixel)[c] + sigma * sum * std::sqrt(3.0 / 4));
    }
}

struct Shot {
  cv::Mat image;
  const char* scene;
};

/// What the camera makes of it, at the size that the distance gives.
Shot Photograph(const cv::Mat& hung, Random& random) {
  cv::Mat scene = hung.clone();
  const double draw = random.Between(0, 1);
  const char* kind = draw < 0.55 ? "day" : draw < 0.8 ? "night" : "glare";
  const bool night = std::string_view(kind) == "night";
  Shade(scene, random.Between(0, 0.4), random);
  if (std::string_view(kind) == "glare") Glare(scene, random);
  if (random.Chance(0.4)) {
    const int length = 3 + 2 * random.Below(4);
    MotionBlur(scene, length, random.Between(-0.4, 0.4));
  }
  cv::GaussianBlur(scene, scene, {}, random.Between(0.5, 2.8));
  if (night) {
    const double light = random.Between(0.18, 0.45);
    scene.convertTo(scene, -1, light, random.Between(0, 12));
  }

  const int height = 15 + random.Below(30);  // pixels: the distance
  cv::Mat image;
  cv::resize(scene, image, {height * scene.cols / scene.rows, height}, 0, 0, cv::INTER_AREA);
  Noise(image, night ? random.Between(3, 10) : random.Between(1, 7), random);
  return {image, kind};
}

Status WriteSet(const fs::path& folder, const std::string& name, int count, uint32_t seed,
                const std::vector<std::unique_ptr<Font>>& fonts) {
  Random random(seed);
  SHOEHORN_TRY(shoehorn::MakeFolder(folder / name));
  std::string csv = "file,plate,scene\n";
  for (int i = 0; i < count; ++i) {
    const std::string text = PlateText(random);
    const Font& font = *fonts[static_cast<size_t>(random.Below(static_cast<int>(fonts.size())))];
    const Shot shot = Photograph(Hang(Plate(font, text, random), random), random);
    const std::string file = fmt::format("{:04}.jpg", i);
    // Not one by one through WriteAtomically: the whole folder takes its name at once, when all is there.
    const fs::path path = folder / name / file;
    if (!cv::imwrite(path.string(), shot.image, {cv::IMWRITE_JPEG_QUALITY, 60 + random.Below(36)}))
      return Diagnostic{.file = path.string(), .found = "a picture that cannot be written"};
    csv += fmt::format("{},{},{}\n", file, text, shot.scene);
  }
  return shoehorn::WriteAtomically(folder / (name + ".csv"), csv);
}

Status MakePlates(const fs::path& folder) {
  constexpr int kCalibration = 160, kEvaluation = 512;
  FT_Library library = nullptr;
  if (FT_Init_FreeType(&library) != 0)
    return Diagnostic{.found = "FreeType does not start", .blame = shoehorn::Blame::kFault};
  std::vector<std::unique_ptr<Font>> fonts;
  for (const char* name : kFonts) {
    SHOEHORN_ASSIGN(auto font, Font::Open(library, name));
    fonts.push_back(std::move(font));
  }
  SHOEHORN_ASSIGN(const auto staged, shoehorn::StagedFolder::Create(folder, true));
  SHOEHORN_TRY(WriteSet(staged->folder(), "calibration", kCalibration, 20260301, fonts));
  SHOEHORN_TRY(WriteSet(staged->folder(), "evaluation", kEvaluation, 20260302, fonts));
  fonts.clear();
  FT_Done_FreeType(library);
  SHOEHORN_TRY(staged->Commit());
  std::cout << fmt::format("{} plates to calibrate on and {} to evaluate on, in {}\n", kCalibration,
                           kEvaluation, folder.string());
  return shoehorn::Ok();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make_plates FOLDER\n";
    return 2;
  }
  const Status status = MakePlates(argv[1]);
  if (status.ok()) return 0;
  std::cerr << status.error().Text() << "\n";
  return status.error().blame == shoehorn::Blame::kFault ? 3 : 2;
}
