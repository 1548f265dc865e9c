// The clock that measures the age of mail.
#include "queue/age_clock.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "queue/small_file.h"

namespace mxpress::queue {
namespace {

constexpr std::int64_t kLongest = std::int64_t{1} << 50;  // ms; beyond any life of a spool

struct Mark {
  Duration age;
  WallTime wall;
};

std::optional<Mark> read_mark(Disk& disk, const Path& file) {
  const auto text = read_small_file(disk, file);
  const auto line = text && *text ? without_checksum(**text) : std::nullopt;  // a wrong value that is too high would expire mail
  long long age = 0, wall = 0;
  if (!line || std::sscanf(line->c_str(), "%lld %lld", &age, &wall) != 2) return std::nullopt;
  if (age < 1 || age > kLongest || wall < -kLongest || wall > kLongest) return std::nullopt;
  return Mark{Duration(age), WallTime(Duration(wall))};
}

}  // namespace

AgeClock::AgeClock(Disk& disk, const Path& root, Sources sources)
    : disk_(disk), file_(root / "age"), sources_(std::move(sources)), opened_(sources_.since_boot()), marked_(opened_) {
  if (const auto mark = read_mark(disk, file_)) at_open_ = mark->age + std::clamp(sources_.wall() - mark->wall, Duration(0), kLongestGap);
}

Duration AgeClock::now() const { return at_open_ + (sources_.since_boot() - opened_); }

bool AgeClock::mark_is_due() const { return sources_.since_boot() - marked_.load() >= kMarkInterval; }

Status AgeClock::mark() {
  marked_ = sources_.since_boot();
  const auto wall = sources_.wall().time_since_epoch().count();
  return replace_small_file(disk_, file_, with_checksum(std::to_string(now().count()) + " " + std::to_string(wall)));
}

}  // namespace mxpress::queue
