// One line on a terminal that says what is being done, e.g. "[3/14] openvino-bf16-1t: accuracy on 512
// samples"; nothing at all where standard error is no terminal. It changes only between measurements, never
// during one.
#pragma once

#include <string>
#include <string_view>

namespace shoehorn {

class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Replaces the line; cut to the terminal's width, names escaped.
  void Show(std::string_view text);
  /// A message that stays, above the line; on standard error also where that is no terminal.
  void Say(std::string_view message);
  void Clear();

 private:
  bool terminal_;
  bool shown_ = false;
};

}  // namespace shoehorn
