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
  static constexpr std::uint32_t kTurn = 10;                      // deliveries, before others that wait for a session are served
  static constexpr Duration kGoodTime = std::chrono::minutes(1);  // for a delivery of a proven site

  static constexpr std::uint32_t kProbes = 4;  // at a time, while it backs off

  // While it backs off: may one more delivery begin, as a probe, for an owner who has `held` here? Each owner has one at a time, so that
  // nobody's slow probe keeps others waiting, and only a few have.
  bool has_room_for_probe(std::size_t limit, std::uint32_t held) const {
    return held == 0 && active < std::min<std::size_t>(limit, kProbes);
  }
  // While it does not: may one more delivery begin, for an owner who has `held` here? The window opens with each answer, and owners who
  // have none here get one besides, so that nobody's slow letters keep all others waiting; `limit` bounds both. Of more than kFewSessions a
  // fifth is for them alone.
  bool has_room(std::size_t limit, std::uint32_t held) const;
  // The host answered to a transaction: the window opens by one. `took`: the whole delivery.
  void succeeded(std::size_t limit, Duration took);
  // Its backoff as an earlier run left it, unless this run has found out more.
  void restore(std::uint32_t failures, Instant next_probe, std::optional<proto::HostResult> last);
  Standing standing() const { return backoff.active() ? Standing::failing : proven ? Standing::proven : Standing::unproven; }

  std::shared_ptr<const SessionTerms> terms = transport::usual_terms();  // of its key; its sessions are opened on them
  std::uint32_t active = 0;
  std::uint32_t deliveries = 0;  // that have ended
  std::uint32_t window = 1;
  Instant next_wake = Instant::max();  // the earliest that is arranged
  bool proven = false;                 // it has answered to a transaction since its last backoff, the last one in good time
  bool has_answered = false;           // in this run
  bool is_waiting = false;             // for one of its worker's places
  bool is_by_route = false;            // of its key: the configuration names the hosts
  bool is_limited = false;             // its terms name a rate limit
  Backoff backoff;
  Suspicion suspicion;
  Chain members;  // destinations that resolved to this site
};
static_assert(sizeof(Site) <= 72);  // there may be a hundred thousand

}  // namespace mxpress::mta::delivery
