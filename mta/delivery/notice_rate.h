// How many notices an address gets in an hour: senders can be forged, and a list of dead addresses must not become a flood.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "queue/schedule.h"

namespace mxpress::mta::delivery {

// Thread: one. Of this run; at most 60 notices to one reverse-path in any hour, of both kinds together.
class NoticeRate {
 public:
  enum class Kind { ended, delay };
  static constexpr std::size_t kEnded = 40, kDelays = 20;  // in an hour
  static constexpr Duration kHour = std::chrono::hours(1);

  // Reserves the next turn of this address and returns its moment: `now` while there is room, later otherwise. Nothing, and nothing
  // reserved, if it would be later than `latest`.
  std::optional<queue::Instant> turn(const std::string& address, Kind kind, queue::Instant now,
                                     queue::Instant latest = queue::Instant::max());
  std::size_t addresses() const { return turns_.size(); }

 private:
  using Turns = std::vector<queue::Instant>;  // the latest, as many as an hour has
  void sweep(queue::Instant now);

  std::unordered_map<std::string, std::array<Turns, 2>> turns_;
  std::size_t sweep_at_ = 64;  // addresses
};

}  // namespace mxpress::mta::delivery
