// The amount counted within the last second, minute, hour or day.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "queue/instant.h"

namespace mxpress::mta::rates {

using queue::Instant;

// A sliding window. Amounts within 1/256 of the period form one entry, which leaves the window with its latest part: so a window has at
// most a few hundred entries, and never reports too little. The times of the calls never go back. Thread: one.
class Window {
 public:
  struct Entry {
    Instant begun, last;  // times of its first and last amount
    std::uint64_t count = 0;
  };

  explicit Window(Duration period) : period_(period) {}

  void count(std::uint64_t number, Instant when);
  // The amount counted within a period before `now`.
  std::uint64_t counted(Instant now);
  // The time when this much of the counted amount has left the window; nullopt: there is not so much.
  std::optional<Instant> time_until_left(std::uint64_t number) const;
  // The oldest first. May include entries that have left the window.
  const std::deque<Entry>& entries() const { return entries_; }

 private:
  static constexpr int kParts = 256;

  // Times are whole milliseconds: two that seem a period apart may be a little closer.
  Instant end_of(const Entry& entry) const { return entry.last + period_ + Duration(1); }

  Duration period_;
  std::deque<Entry> entries_;
  std::uint64_t sum_ = 0;
};

}  // namespace mxpress::mta::rates
