// A site: the mail hosts that one or more domains resolve to. Owns the concurrency window and the cool-down after trouble.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>

#include "mta/delivery/chain.h"
#include "mta/delivery/compact.h"
#include "mta/delivery/suspicion.h"
#include "mta/delivery/verdict.h"
#include "mta/host/instant.h"
#include "mta/transport/session_key.h"
#include "proto/outcome.h"
#include "queue/retry.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {

using host::instant_now;
using host::to_boot_time;
using host::to_wall;
using queue::Instant;
using transport::SessionKey;
using transport::SessionTerms;

// Trouble before MAIL, of a site (connect, greeting, ...) or a destination (lookup): one probe at a time, later and later.
class Trouble {
 public:
  bool active() const { return known_ != nullptr; }
  std::uint32_t failures() const { return known_ ? known_->failures : 0; }
  Instant next_probe() const { return known_ ? known_->next_probe : Instant(); }
  Instant last_time() const { return known_ ? known_->last_time : Instant(Duration::min()); }  // of the last failure in this run
  std::optional<proto::HostResult> last() const { return known_ ? known_->last.get() : std::nullopt; }
  std::optional<SiteFailure> failure() const;

  void failed(const proto::HostResult& result, Instant now, const queue::RetryPolicy& policy, std::mt19937_64& random);
  // As an earlier run left it.
  void restore(std::uint32_t failures, Instant next_probe, std::optional<proto::HostResult> last);
  // The wall clock may have been stepped since: a destination waits for the site no longer than its own schedule does.
  void probe_no_later_than(Instant latest) {
    if (known_) known_->next_probe = std::min(known_->next_probe, latest);
  }
  void over() { known_.reset(); }
  // A message that has come since the last failure may cause a probe kFreshProbe after it: new mail need not wait for hours.
  static constexpr Duration kFreshProbe = std::chrono::minutes(5);
  Instant probe_time(bool is_fresh) const;
  bool may_probe(Instant now, bool is_fresh) const { return !active() || probe_time(is_fresh) <= now; }
  // The operator asks now.
  void probe_now(Instant now) {
    if (known_) known_->next_probe = now;
  }

 private:
  struct Known {
    Instant next_probe;
    Instant first_time{Duration::min()}, last_time{Duration::min()};  // of this run
    CompactResult last;
    std::uint32_t failures = 0;
  };
  std::unique_ptr<Known> known_;  // none without trouble: most have none
};

// How much is known about a site, and so how many of its worker's places it may compete for.
enum class Standing : std::uint8_t {
  troubled,  // no host of it could be asked lately
  unproven,  // nothing is known, or it was slow
  proven     // it has answered to a transaction in good time
};

struct Site {
  static constexpr std::size_t kFewSessions = 4;
  static constexpr std::uint32_t kTurn = 10;                      // deliveries, before others that wait for a session are served
  static constexpr Duration kGoodTime = std::chrono::minutes(1);  // for a delivery of a proven site

  // In trouble: may one delivery begin, as a probe?
  bool may_probe(Instant now, bool is_fresh) const { return active == 0 && trouble.may_probe(now, is_fresh); }
  // Without trouble: may one more delivery begin, for an owner who has `held` here? The window opens with each answer, and owners who have
  // none here get one besides, so that nobody's slow letters keep all others waiting; `limit` bounds both. Of more than kFewSessions a
  // fifth is for them alone.
  bool has_room(std::size_t limit, std::uint32_t held) const;
  // The host answered to a transaction: the window opens by one. `took`: the whole delivery.
  void succeeded(std::size_t limit, Duration took);
  // Its trouble as an earlier run left it, unless this run has found out more.
  void restore(std::uint32_t failures, Instant next_probe, std::optional<proto::HostResult> last);
  Standing standing() const { return trouble.active() ? Standing::troubled : proven ? Standing::proven : Standing::unproven; }

  std::shared_ptr<const SessionTerms> terms = transport::usual_terms();  // of its key; its sessions are opened on them
  std::uint32_t active = 0;
  std::uint32_t deliveries = 0;  // that have ended
  std::uint32_t window = 1;
  Instant next_wake = Instant::max();  // the earliest that is arranged
  bool proven = false;                 // it has answered to a transaction since its last trouble, the last one in good time
  bool has_answered = false;           // in this run
  bool is_waiting = false;             // for one of its worker's places
  Trouble trouble;
  Suspicion suspicion;
  Chain members;  // destinations that resolved to this site
};
static_assert(sizeof(Site) <= 72);  // there may be a hundred thousand

}  // namespace mxpress::mta::delivery
