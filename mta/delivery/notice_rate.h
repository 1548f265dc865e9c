// How many notices an address gets in an hour: senders can be forged, and a list of dead addresses must not become a flood.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mta/fairness/fair_budget.h"
#include "mta/fairness/owner.h"
#include "queue/instant.h"

namespace mxpress::mta::delivery {

// Thread: one. Of this run; at most 60 notices to one reverse-path for one owner's mail in any hour, of both kinds together: whoever
// forges a sender does not use up what is for the sender's own mail.
class NoticeRate {
 public:
  enum class Kind { ended, delay };
  static constexpr std::size_t kEnded = 40, kDelays = 20;  // in an hour
  static constexpr Duration kHour = std::chrono::hours(1);
  // Of all owners, with fair shares: one alone has half of them. Addresses that an owner writes from beyond his share count as one.
  static constexpr std::uint64_t kMostKeys = 50'000;

  // Who may have written the mail, and where the notice goes.
  struct Key {
    fairness::Owner owner;
    std::uint64_t address = 0;  // a hash: addresses of one owner that have it in common share its turns
    bool operator==(const Key&) const = default;
  };
  // Spellings of the address that usually are one mailbox are one address: letters of either case, and whatever stands behind a '+'.
  static Key key_of(const fairness::Owner& owner, std::string_view address);

  explicit NoticeRate(std::uint64_t most_keys = kMostKeys) : shares_(most_keys) {}
  // Reserves the next turn of this key and returns its moment: `now` while there is room, later otherwise. Nothing, and nothing
  // reserved, if it would be later than `latest`.
  std::optional<queue::Instant> turn(const Key& key, Kind kind, queue::Instant now, queue::Instant latest = queue::Instant::max());
  std::size_t keys() const { return turns_.size(); }

 private:
  using Turns = std::vector<queue::Instant>;  // the latest, as many as an hour has
  struct Entry {
    std::array<Turns, 2> turns;  // by kind
    bool is_charged = false;     // to the owner's share
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  Entry& entry_of(const Key& key, queue::Instant now);
  void sweep(queue::Instant now);

  std::unordered_map<Key, Entry, Hash> turns_;
  fairness::FairBudget shares_;  // of the keys
  std::size_t sweep_at_ = 64;    // keys
  queue::Instant next_sweep_{};  // because a share is used up
};

}  // namespace mxpress::mta::delivery
