// A program that runs beside the test: started with its outputs in files, asked, killed, waited for.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "support/program.h"
#include "support/scratch.h"

namespace shoehorn::testing {

class Background {
 public:
  /// `environment`: "NAME=value", added to the test's own. `file_limit`: bytes that a file may have
  /// (RLIMIT_FSIZE, what a full disk looks like); 0: none.
  explicit Background(const std::vector<std::string>& command,
                      const std::vector<std::string>& environment = {}, uint64_t file_limit = 0);
  /// Kills it when it still runs, and what it started.
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  void Signal(int signal) const;
  /// Waits for its end, killing it after `patience`.
  Ended Wait(std::chrono::seconds patience = std::chrono::seconds(60));
  bool running();
  std::string out() const;
  std::string err() const;

 private:
  Scratch scratch_;
  pid_t child_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

/// Asks until it is true, at most `patience`.
bool Eventually(const std::function<bool()>& question,
                std::chrono::seconds patience = std::chrono::seconds(30));

}  // namespace shoehorn::testing
