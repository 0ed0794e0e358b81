// Sanitized builds only: OpenVINO's TBB opens a library with RTLD_DEEPBIND, which AddressSanitizer answers by
// ending the process (github.com/google/sanitizers, issue 611). Programs of such a build open it without that
// flag.
#include <dlfcn.h>

extern "C" void* __interceptor_dlopen(const char* name, int flags);
extern "C" void* dlopen(const char* name, int flags) noexcept {
  return __interceptor_dlopen(name, flags & ~RTLD_DEEPBIND);
}
