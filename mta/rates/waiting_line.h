// The sites that wait for the same limit, in order of arrival.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>

#include "queue/instant.h"

namespace mxpress::mta::rates {

using queue::Instant;

// A site of a worker.
struct Waiter {
  std::size_t worker = 0;
  std::uint32_t site = 0;
  bool operator==(const Waiter&) const = default;
};

// Only the first one may take the free amount; then it goes to the end. A site that does not come in time has no mail any more, and leaves
// the line. Thread: one.
class WaitingLine {
 public:
  // nullopt: it is first. Otherwise the latest time at which it should ask again.
  std::optional<Instant> behind_others(const Waiter& who, Instant now) {
    while (!line_.empty() && line_.front().who != who && line_.front().until + kGrace <= now) line_.pop_front();
    if (line_.empty() || line_.front().who == who) return std::nullopt;
    return line_.front().until + kGrace;
  }
  // It comes at `until` at the latest.
  void wait(const Waiter& who, Instant until) {
    const auto found = find(who);
    if (found == line_.end())
      line_.push_back({who, until});
    else
      found->until = until;
  }
  void leave(const Waiter& who) {
    if (const auto found = find(who); found != line_.end()) line_.erase(found);
  }
  // All have been called now.
  void call(Instant now) {
    for (Place& place : line_) place.until = std::min(place.until, now);
  }
  template <class Visit>
  void for_each(Visit visit) const {
    for (const Place& place : line_) visit(place.who);
  }
  bool empty() const { return line_.empty(); }
  std::size_t size() const { return line_.size(); }

 private:
  static constexpr Duration kGrace = std::chrono::seconds(1);
  struct Place {
    Waiter who;
    Instant until;
  };
  std::deque<Place>::iterator find(const Waiter& who) {
    return std::find_if(line_.begin(), line_.end(), [&](const Place& place) { return place.who == who; });
  }

  std::deque<Place> line_;
};

}  // namespace mxpress::mta::rates
