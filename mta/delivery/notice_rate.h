// Limits the number of notices per address and hour: senders can be forged, and a list of dead addresses must not become a flood.
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

// Thread: one. Of this run; at most 60 notices of both kinds to one reverse-path for one owner's mail in any hour, so that a forged sender
// does not use up the notices for the real sender's own mail.
class NoticeRate {
 public:
  enum class Kind { ended, delay };
  static constexpr std::size_t kEnded = 40, kDelays = 20;  // in an hour
  static constexpr Duration kHour = std::chrono::hours(1);
  // For all owners, with fair shares: a single one has half. Addresses used by an owner beyond his share count as one.
  static constexpr std::uint64_t kMostKeys = 50'000;

  // The submitter of the mail, and the address of the notice.
  struct Key {
    fairness::Owner owner;
    std::uint64_t address = 0;  // a hash: addresses of one owner with the same hash share their turns
    bool operator==(const Key&) const = default;
  };
  // Spellings that usually reach the same mailbox count as one address: upper and lower case, and any text behind a '+'.
  static Key key_of(const fairness::Owner& owner, std::string_view address);

  explicit NoticeRate(std::uint64_t most_keys = kMostKeys) : shares_(most_keys) {}
  // Reserves the next turn of this key and returns its time: `now` if there is room, else later. Nullopt, and nothing reserved, if it would
  // be later than `latest`.
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
