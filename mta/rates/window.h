// How much has been counted within the last second, minute, hour or day.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "queue/instant.h"

namespace mxpress::mta::rates {

using queue::Instant;

// A sliding window. What comes within a 256th of the period is one entry, which leaves the window when its latest part does: so a window
// has few hundred entries, whatever is counted, and never says less than the truth. The moments of the calls never go back. Thread: one.
class Window {
 public:
  struct Entry {
    Instant begun, last;  // moments of what is in it
    std::uint64_t count = 0;
  };

  explicit Window(Duration period) : period_(period) {}

  void count(std::uint64_t number, Instant when);
  // What was counted within a period before `now`.
  std::uint64_t counted(Instant now);
  // When so many of those counted have left the window; nullopt: there are not so many.
  std::optional<Instant> time_until_left(std::uint64_t number) const;
  // The oldest first. What has left the window may still be in it.
  const std::deque<Entry>& entries() const { return entries_; }

 private:
  static constexpr int kParts = 256;

  // The moments are whole milliseconds: what seems to be a period apart may be a little less.
  Instant end_of(const Entry& entry) const { return entry.last + period_ + Duration(1); }

  Duration period_;
  std::deque<Entry> entries_;
  std::uint64_t sum_ = 0;
};

}  // namespace mxpress::mta::rates
