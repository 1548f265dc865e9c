// How often a user may check addresses: mail hosts take many questions that bring no mail for an attack (directory harvesting), and then
// refuse the mail of this host, too.
#pragma once

#include <boost/filesystem/path.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/time.h"

namespace mxpress::mta::check {

inline constexpr std::size_t kMostInPeriod = 10;
inline constexpr Duration kPeriod = std::chrono::minutes(1);

// The times of the latest checks. A pure value.
class Pace {
 public:
  // Lines of milliseconds since 1970; others are ignored. Of the latest kMostInPeriod.
  static Pace parse(std::string_view text);
  std::string text() const;

  // Nullopt: a check may begin now, and is counted. Else the time to wait. Times in the future, as after a step of the clock, do not count.
  std::optional<Duration> begin(WallTime now);

 private:
  std::vector<WallTime> times_;
};

// Counts by a file of the user: in $XDG_RUNTIME_DIR; without it in /run for root, else in /tmp. A courtesy, no barrier: where the file
// cannot be used, nothing is counted.
std::optional<Duration> begin_check(WallTime now);

}  // namespace mxpress::mta::check
