// Actions due to the age of a message: the delay notice, and expiry in every state. RFC 5321 4.5.4.1
#pragma once

#include <functional>
#include <optional>

#include "mta/delivery/conclusion.h"
#include "mta/delivery/forward.h"
#include "mta/delivery/pause.h"

namespace mxpress::queue {
struct Job;
}

namespace mxpress::mta::delivery {

// Thread: the worker's.
class AgePolicy {
 public:
  struct Parts {
    queue::Schedule& schedule;
    Destinations& destinations;
    SiteTable& sites;
    Wakes& wakes;
  };
  struct Actions {
    // Reserves a place for the conclusion of this job. Nullopt: too much mail of its owner expires at the moment.
    std::function<std::optional<fairness::Owner>(const queue::Job& job)> place;
    // Concludes the job without an attempt.
    std::function<void(Conclusion)> conclude;
    // Requests a delay notice. `why`: the failure of a destination in backoff; `deadline`: when the message will expire. False: not now.
    std::function<bool(const queue::Job& job, std::optional<SiteFailure> why, Instant deadline)> notify_delay;
    // The reason if mail for the site waits for a rate limit, else nullopt.
    std::function<std::optional<SiteFailure>(SiteIndex site)> waits_for_limit = [](SiteIndex) { return std::nullopt; };
    // The part of this time in which mail for the destination could not be sent because of an outage of this host, and the reason of a
    // current outage.
    std::function<Duration(DestinationIndex, Instant from, Instant to)> outage = [](DestinationIndex, Instant, Instant) {
      return Duration(0);
    };
    std::function<std::optional<SiteFailure>(DestinationIndex)> why_outage = [](DestinationIndex) { return std::nullopt; };
  };
  AgePolicy(Parts parts, Actions actions, Instant now) : parts_(parts), actions_(std::move(actions)), attempts_since_(now) {}

  // Arranges the next check of a job; at `now` at the earliest.
  void arrange(JobIndex job, Instant now);
  void look(JobIndex job, Instant now);
  // The site or the lookup of the destination has just failed: jobs that wait for it past their lifetime have had their attempt.
  void expire_waiting(DestinationIndex index, Instant now);
  // The part of a job's age due to outages of this host, up to the policy's outage_lifetime.
  Duration paused(const queue::Job& job, Instant now) const;
  // No attempt begins until resume(): meanwhile no job expires because it had no attempt.
  void pause() { attempts_since_.reset(); }
  void resume(Instant now) {
    if (!attempts_since_) attempts_since_ = now;
  }

 private:
  Duration lifetime_at(DestinationIndex index) const;
  std::optional<SiteFailure> why_late(const queue::Job& job) const;
  void look_at_expired(JobIndex job, Instant now, Instant deadline);
  void expire_held(JobIndex job, Instant now);
  bool expire(JobIndex job, Instant now, Instant deadline);
  bool expire_in_outage(JobIndex job, Instant now);
  bool conclude(JobIndex job, Instant now, proto::Outcome outcome, SiteFailure why);

  const Parts parts_;
  const Actions actions_;
  Pause place_pause_{std::chrono::seconds(1), std::chrono::milliseconds(1)};
  std::optional<Instant> attempts_since_;  // since when attempts may begin; nullopt: they may not
};

}  // namespace mxpress::mta::delivery
