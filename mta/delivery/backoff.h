// One backoff: of a site, or of the lookup of a destination.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>

#include "mta/delivery/compact.h"
#include "mta/delivery/site_failure.h"
#include "mta/system/instant.h"
#include "proto/outcome.h"

namespace mxpress::queue {
struct RetryPolicy;
}

namespace mxpress::mta::delivery {

using queue::Instant;
using system::instant_now;
using system::to_boot_time;
using system::to_wall;

// Begins with a failure before MAIL (lookup, connect, greeting, ...): one probe at a time, at growing intervals.
class Backoff {
 public:
  bool active() const { return known_ != nullptr; }
  std::uint32_t failures() const { return known_ ? known_->failures : 0; }
  Instant next_probe() const { return known_ ? known_->next_probe : Instant(); }
  Instant last_time() const { return known_ ? known_->last_time : Instant(Duration::min()); }  // of the last failure in this run
  std::optional<proto::HostResult> last() const { return known_ ? known_->last.get() : std::nullopt; }
  std::optional<SiteFailure> failure() const;

  // How a failure differs from others.
  struct Pace {
    std::optional<Duration> wait{};  // until the next probe, and up to a tenth more; nullopt: by the retry schedule
    bool is_own_fault = false;       // new mail causes no probe before that
  };
  void failed(const proto::HostResult& result, Instant now, const queue::RetryPolicy& policy, std::mt19937_64& random, Pace pace);
  void failed(const proto::HostResult& result, Instant now, const queue::RetryPolicy& policy, std::mt19937_64& random) {
    failed(result, now, policy, random, Pace());
  }
  bool is_own_fault() const { return known_ && known_->is_own_fault; }
  // Restores the state that an earlier run left.
  void restore(std::uint32_t failures, Instant next_probe, std::optional<proto::HostResult> last);
  // The wall clock may have been stepped since: a destination waits for the site no longer than its own schedule allows.
  void probe_no_later_than(Instant latest) {
    if (known_) known_->next_probe = std::min(known_->next_probe, latest);
  }
  void over() { known_.reset(); }
  // A message that arrived after the last failure may cause a probe kFreshProbe after it: new mail need not wait for hours.
  static constexpr Duration kFreshProbe = std::chrono::minutes(5);
  Instant probe_time(bool is_fresh) const;
  bool may_probe(Instant now, bool is_fresh) const { return !active() || probe_time(is_fresh) <= now; }
  // An operator has requested a probe.
  void probe_now(Instant now) {
    if (known_) known_->next_probe = now;
  }

 private:
  struct Known {
    Instant next_probe;
    Instant first_time{Duration::min()}, last_time{Duration::min()};  // in this run
    CompactResult last;
    std::uint32_t failures = 0;
    bool is_own_fault = false;
  };
  std::unique_ptr<Known> known_;  // null without a backoff, the usual case
};

}  // namespace mxpress::mta::delivery
