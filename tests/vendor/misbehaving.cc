// A vendor's library that does not behave, for tests of judges: it has the entry points of an ONNX Runtime
// plug-in and does what $SHOEHORN_TEST_VENDOR says instead of its work.
#include <onnxruntime_c_api.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

constexpr size_t kStep = size_t{16} << 20, kMost = size_t{2} << 30;

// Slow enough to be seen before the machine suffers.
void EatMemory() {
  static std::vector<char*> eaten;
  for (size_t bytes = 0; bytes < kMost; bytes += kStep) {
    eaten.push_back(static_cast<char*>(std::malloc(kStep)));
    if (eaten.back() != nullptr) std::memset(eaten.back(), 1, kStep);
    ::usleep(10'000);
  }
}

}  // namespace

extern "C" __attribute__((visibility("default"))) OrtStatus* CreateEpFactories(
    const char*, const OrtApiBase* base, const OrtLogger*, OrtEpFactory**, size_t, size_t* made) {
  const char* mode = std::getenv("SHOEHORN_TEST_VENDOR");
  const std::string_view how = mode == nullptr ? "" : mode;
  constexpr std::string_view kGarbage = "\n{\"judge\": \"qnn\"}\nSegmentation is fun\n";
  if (how == "prints" && ::write(STDOUT_FILENO, kGarbage.data(), kGarbage.size()) < 0) std::abort();
  if (how == "exits") std::exit(7);
  if (how == "crashes") ::raise(SIGSEGV);
  if (how == "hangs")
    while (true) ::pause();
  if (how == "hungry") EatMemory();
  *made = 0;
  return base->GetApi(ORT_API_VERSION)->CreateStatus(ORT_FAIL, "this library offers nothing");
}

extern "C" __attribute__((visibility("default"))) OrtStatus* ReleaseEpFactory(OrtEpFactory*) {
  return nullptr;
}
