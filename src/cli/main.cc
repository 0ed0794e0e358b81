#include <cstdio>
#include <cstdlib>

#include "cli/command.h"

int main(int argc, char** argv) {
  const int code = shoehorn::cli::Main(argc, argv);
  std::fflush(nullptr);
#if defined(__SANITIZE_ADDRESS__)
  return code;  // leaks are looked for at the exit
#else
  std::_Exit(code);  // the libraries' tables need no taking down: the system does it faster
#endif
}
