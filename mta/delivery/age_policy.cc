// Checks the age of jobs.
#include "mta/delivery/age_policy.h"

#include <algorithm>
#include <string>

#include "mta/delivery/destinations.h"
#include "mta/delivery/site_table.h"
#include "mta/delivery/verdict.h"
#include "mta/delivery/wakes.h"
#include "queue/retry.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {
namespace {

constexpr Duration kLookAgain = std::chrono::minutes(10);
constexpr Duration kLastChance = std::chrono::hours(1);  // time for an attempt after the lifetime to begin

proto::HostResult expired(std::string text) {
  constexpr proto::EnhancedStatus kDeliveryTimeExpired{4, 4, 7};
  return {proto::Stage::none, "", "", "", kDeliveryTimeExpired, 0, std::move(text), false};
}

}  // namespace

Duration AgePolicy::paused(const queue::Job& job, Instant now) const {
  const Duration out = actions_.outage(job.destination, job.accepted, now);
  return out > Duration(0) ? std::min(out, parts_.destinations.policy(job.destination)->outage_lifetime) : out;
}

// During an outage each check finds a later deadline.
void AgePolicy::arrange(JobIndex index, Instant now) {
  const queue::Job& job = parts_.schedule.job(index);
  const auto policy = parts_.destinations.policy(job.destination);
  if (job.stage == queue::JobStage::held) {
    const Instant deadline = Instant(job.accepted) + policy->held_lifetime;
    return parts_.schedule.set_age_event(index, std::max(deadline, now));
  }
  const Duration pause = paused(job, now);
  const Instant accepted = Instant(job.accepted) + pause;
  Instant when = accepted + policy->lifetime;
  if (!job.delay_noticed && policy->delay_notice > Duration(0)) when = std::min(when, accepted + policy->delay_notice);
  const bool moves = pause > Duration(0) && pause < policy->outage_lifetime && when > now;
  parts_.schedule.set_age_event(index, moves ? std::max(when, now + kLookAgain) : std::max(when, now));
}

void AgePolicy::look(JobIndex index, Instant now) {
  queue::Job& job = parts_.schedule.job(index);
  const auto policy = parts_.destinations.policy(job.destination);
  const bool held = job.stage == queue::JobStage::held;
  const Instant accepted = Instant(job.accepted) + (held ? Duration(0) : paused(job, now));
  const Instant deadline = accepted + (held ? policy->held_lifetime : policy->lifetime);
  if (now >= deadline) return look_at_expired(index, now, deadline);
  const bool due = policy->delay_notice > Duration(0) && now >= accepted + policy->delay_notice;
  if (held || !due || job.delay_noticed) return arrange(index, now);
  // No notice yet if the message was never tried and does not wait for a site in backoff, or for a rate limit.
  auto why = why_late(job);
  job.delay_noticed = (why || !job.first_attempt) && actions_.notify_delay(job, std::move(why), deadline);
  if (!job.delay_noticed) return parts_.schedule.set_age_event(index, std::min(deadline, now + kLookAgain));
  arrange(index, now);
}

std::optional<SiteFailure> AgePolicy::why_late(const queue::Job& job) const {
  if (auto why = actions_.why_outage(job.destination)) return why;
  if (const Backoff* backoff = parts_.sites.backoff_of(job.destination)) return backoff->failure();
  const SiteIndex site = parts_.destinations[job.destination].site;
  const bool is_limited = site != queue::kNone && parts_.sites[site].is_limited;
  return is_limited ? actions_.waits_for_limit(site) : std::nullopt;
}

// The lifetime is over, but a message expires only after an attempt in this run, of its own or of its site, made just before its deadline
// or later. A dead host is not probed for each message that expires.
void AgePolicy::look_at_expired(JobIndex index, Instant now, Instant deadline) {
  const queue::Job& job = parts_.schedule.job(index);
  if (job.stage == queue::JobStage::held) return expire_held(index, now);
  parts_.schedule.set_age_event(index, now + kLookAgain);
  if (expire_in_outage(index, now) || expire(index, now, deadline)) return;
  if (Backoff* backoff = parts_.sites.backoff_of(job.destination)) backoff->probe_now(now);
  if (const SiteIndex site = parts_.destinations[job.destination].site; site != queue::kNone) parts_.wakes.wake_site(site, now);
  if (job.stage != queue::JobStage::ready) parts_.schedule.make_ready(index);  // otherwise it keeps its place in the line
}

// If too much mail of one owner expires at the same time, the rest is checked again soon. False: it waits.
bool AgePolicy::conclude(JobIndex index, Instant now, proto::Outcome outcome, SiteFailure why) {
  auto place = actions_.place(parts_.schedule.job(index));
  if (!place) {
    parts_.schedule.set_age_event(index, place_pause_.next(now));
    return false;
  }
  parts_.schedule.lease_job(index);
  actions_.conclude({index, outcome, std::move(why), std::move(place)});
  return true;
}

void AgePolicy::expire_held(JobIndex index, Instant now) {
  queue::Job& job = parts_.schedule.job(index);
  job.hold_wanted = true;  // in case it cannot be concluded now
  if (!conclude(index, now, proto::Outcome::failed, {expired(std::string(proto::kHeldTooLong))})) job.hold_wanted = false;
}

// The outage of this host has lasted beyond the message's lifetime, and no attempt could begin.
bool AgePolicy::expire_in_outage(JobIndex index, Instant now) {
  auto why = actions_.why_outage(parts_.schedule.job(index).destination);
  if (!why) return false;
  conclude(index, now, proto::Outcome::deferred, std::move(*why));
  return true;
}

// During a backoff because of a fault of this host the lifetime may be shorter.
Duration AgePolicy::lifetime_at(DestinationIndex index) const {
  const auto policy = parts_.destinations.policy(index);
  const Backoff* backoff = parts_.sites.backoff_of(index);
  return backoff && backoff->is_own_fault() ? std::min(policy->lifetime, policy->own_fault_lifetime) : policy->lifetime;
}

// False: there was no attempt yet. If none begins within kLastChance, the message expires without one: expiry must not wait for other mail.
bool AgePolicy::expire(JobIndex index, Instant now, Instant deadline) {
  const queue::Job& job = parts_.schedule.job(index);
  const Backoff* backoff = parts_.sites.backoff_of(job.destination);
  if (backoff && backoff->last_time() >= deadline - Backoff::kFreshProbe) {
    conclude(index, now, backoff->is_own_fault() ? proto::Outcome::failed : proto::Outcome::deferred, *backoff->failure());
    return true;
  }
  const bool has_waited = attempts_since_ && now >= std::max(deadline, *attempts_since_) + kLastChance;
  if (job.stage != queue::JobStage::ready || !has_waited) return false;
  const SiteIndex site = parts_.destinations[job.destination].site;
  const bool is_limited = site != queue::kNone && parts_.sites[site].is_limited;
  auto result = expired(std::string("no attempt could begin within an hour after its lifetime: ") +
                        (is_limited ? "the rate limit of its route was used up" : "its mail hosts were busy with other messages"));
  conclude(index, now, proto::Outcome::deferred, {std::move(result)});
  return true;
}

void AgePolicy::expire_waiting(DestinationIndex index, Instant now) {
  if (!parts_.schedule.has_ready(index)) return;
  const Duration lifetime = lifetime_at(index);
  for (JobIndex job : parts_.schedule.ready_jobs(index))
    if (const Instant deadline = Instant(parts_.schedule.job(job).accepted) + lifetime + paused(parts_.schedule.job(job), now);
        now >= deadline)
      look_at_expired(job, now, deadline);
}

}  // namespace mxpress::mta::delivery
