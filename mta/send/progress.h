// A progress bar for people at a terminal.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace mxpress::mta::send {

// Draws a line again whenever another percent is done, and clears it at the end.
class Progress {
 public:
  using Draw = std::function<void(std::string_view)>;

  // `total`: expected octets. Without `draw`, or for small totals, nothing is drawn.
  Progress(std::uint64_t total, Draw draw);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::uint64_t octets);
  void clear();

 private:
  const std::uint64_t total_;
  const Draw draw_;
  std::uint64_t done_ = 0;
  int percent_ = -1;
};

}  // namespace mxpress::mta::send
