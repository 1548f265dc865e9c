// A site: the mail hosts that one or more domains resolve to, with its concurrency window and its backoff.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "mta/delivery/backoff.h"
#include "mta/delivery/chain.h"
#include "mta/delivery/standing.h"
#include "mta/delivery/suspicion.h"
#include "mta/system/instant.h"

namespace mxpress::mta::transport {
struct SessionTerms;
std::shared_ptr<const SessionTerms> usual_terms();
}  // namespace mxpress::mta::transport

namespace mxpress::mta::delivery {

using transport::SessionTerms;

struct Site {
  static constexpr std::size_t kFewSessions = 4;
  static constexpr std::uint32_t kTurn = 10;                      // deliveries before others that wait for a session are served
  static constexpr Duration kGoodTime = std::chrono::minutes(1);  // for a delivery of a proven site

  static constexpr std::uint32_t kProbes = 4;  // at a time, during a backoff

  // During a backoff: true if one more delivery may begin, as a probe, for an owner who has `held` here. Each owner has one at a time, so
  // that a slow probe delays nobody else, and only a few owners have one.
  bool has_room_for_probe(std::size_t limit, std::uint32_t held) const {
    return held == 0 && active < std::min<std::size_t>(limit, kProbes);
  }
  // Without a backoff: true if one more delivery may begin, for an owner who has `held` here. The window opens with each answer, and an
  // owner who has none here gets one more, so that slow messages of one owner do not delay all others. `limit` bounds both. If it is above
  // kFewSessions, a fifth is only for such owners.
  bool has_room(std::size_t limit, std::uint32_t held) const;
  // The host answered a transaction: the window opens by one. `took`: duration of the whole delivery.
  void succeeded(std::size_t limit, Duration took);
  // Restores the backoff of an earlier run, unless this run has newer information.
  void restore(std::uint32_t failures, Instant next_probe, std::optional<proto::HostResult> last);
  Standing standing() const {
    if (backoff.active()) return Standing::failing;
    return slow ? Standing::slow : proven ? Standing::proven : Standing::unproven;
  }

  std::shared_ptr<const SessionTerms> terms = transport::usual_terms();  // of its key; its sessions are opened with them
  std::uint32_t active = 0;
  std::uint32_t deliveries = 0;  // number of finished ones
  std::uint32_t window = 1;
  Instant next_wake = Instant::max();  // the earliest arranged time
  bool proven = false;                 // it has answered a transaction since its last backoff, the last one in good time
  bool slow = false;                   // its last transaction was not answered in good time
  bool has_answered = false;           // in this run
  bool is_waiting = false;             // for a place of its worker
  bool is_by_route = false;            // of its key: its hosts come from the configuration
  bool fault_is_told = false;          // an alert has told that its hosts refuse mail by a fault of this host
  bool is_limited = false;             // its terms name a rate limit
  Backoff backoff;
  Suspicion suspicion;
  Chain members;  // destinations that resolved to this site
};
static_assert(sizeof(Site) <= 72);  // there may be a hundred thousand

}  // namespace mxpress::mta::delivery
