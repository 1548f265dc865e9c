// Points in time on the schedule's clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "proto/time.h"
#include "queue/indices.h"

namespace mxpress::queue {

// A moment on the clock that counts since boot: schedules do not follow steps of the wall clock.
struct SinceBoot {};
using Instant = std::chrono::time_point<SinceBoot, Duration>;

// A moment since boot in whole seconds, rounded up: takes half the octets, for times that need not be exact.
class Second {
 public:
  Second() = default;  // never
  Second(Instant when)
      : seconds_(static_cast<std::uint32_t>(
            std::clamp<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(when.time_since_epoch()).count(), 1, kNone))) {}
  operator Instant() const { return seconds_ == 0 ? Instant::max() : Instant(std::chrono::seconds(seconds_)); }

 private:
  std::uint32_t seconds_ = 0;
};

// A moment since boot, or before it, to the millisecond in six octets: up to four thousand years away.
class PackedInstant {
 public:
  PackedInstant() = default;
  PackedInstant(Instant when) {
    const std::int64_t count = std::clamp<std::int64_t>(when.time_since_epoch().count(), -kMost, kMost);
    low_ = static_cast<std::uint16_t>(count);
    middle_ = static_cast<std::uint16_t>(count >> 16);
    high_ = static_cast<std::int16_t>(count >> 32);
  }
  operator Instant() const { return Instant(Duration((std::int64_t{high_} << 32) | (std::int64_t{middle_} << 16) | low_)); }

 private:
  static constexpr std::int64_t kMost = (std::int64_t{1} << 47) - 1;
  std::uint16_t low_ = 0, middle_ = 0;
  std::int16_t high_ = 0;
};

}  // namespace mxpress::queue
