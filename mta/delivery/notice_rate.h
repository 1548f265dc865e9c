// How many notices an address gets in an hour: senders can be forged, and a list of dead addresses must not become a flood.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mta/host/owner.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {

// Thread: one. Of this run; at most 60 notices to one reverse-path for one owner's mail in any hour, of both kinds together: whoever
// forges a sender does not use up what is for the sender's own mail.
class NoticeRate {
 public:
  enum class Kind { ended, delay };
  static constexpr std::size_t kEnded = 40, kDelays = 20;  // in an hour
  static constexpr Duration kHour = std::chrono::hours(1);

  // Who may have written the mail, and where the notice goes. Spellings of the address that usually are one mailbox are one address:
  // letters of either case, and whatever stands behind a '+'.
  static std::string key_of(const host::Owner& owner, std::string_view address);
  // Reserves the next turn of this key and returns its moment: `now` while there is room, later otherwise. Nothing, and nothing
  // reserved, if it would be later than `latest`.
  std::optional<queue::Instant> turn(const std::string& key, Kind kind, queue::Instant now, queue::Instant latest = queue::Instant::max());
  std::size_t keys() const { return turns_.size(); }

 private:
  using Turns = std::vector<queue::Instant>;  // the latest, as many as an hour has
  void sweep(queue::Instant now);

  std::unordered_map<std::string, std::array<Turns, 2>> turns_;
  std::size_t sweep_at_ = 64;  // keys
};

}  // namespace mxpress::mta::delivery
