// Draws a progress bar.
#include "mta/send/progress.h"

#include <algorithm>
#include <cstdio>

#include "mta/send/draft.h"

namespace mxpress::mta::send {
namespace {

constexpr std::uint64_t kWorthwhile = 1'000'000;  // octets
constexpr std::size_t kWidth = 30;

std::string bar(int percent, std::uint64_t total) {
  const std::size_t filled = kWidth * static_cast<std::size_t>(percent) / 100;
  char number[8];
  (void)std::snprintf(number, sizeof number, "%3d", percent);
  return "\r[" + std::string(filled, '#') + std::string(kWidth - filled, ' ') + "] " + number + " % of " + shown_size(total);
}

}  // namespace

Progress::Progress(std::uint64_t total, Draw draw) : total_(total), draw_(total < kWorthwhile ? nullptr : std::move(draw)) {}

void Progress::advance(std::uint64_t octets) {
  if (!draw_) return;
  done_ = std::min(done_ + octets, total_);
  const int percent = static_cast<int>(done_ * 100 / total_);
  if (percent == percent_) return;
  percent_ = percent;
  draw_(bar(percent, total_));
}

void Progress::clear() {
  if (percent_ >= 0) draw_("\r\x1B[K");
  percent_ = -1;
}

}  // namespace mxpress::mta::send
