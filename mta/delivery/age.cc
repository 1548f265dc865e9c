// What a message's age asks for: the delay notice, and expiry in every state. RFC 5321 4.5.4.1
#include <algorithm>

#include "mta/delivery/worker.h"
#include "mta/host/log.h"

namespace mxpress::mta::delivery {
namespace {

constexpr Duration kLookAgain = std::chrono::minutes(10);
constexpr Duration kLastChance = std::chrono::hours(1);  // for an attempt after the lifetime to begin
const proto::EnhancedStatus kDeliveryTimeExpired{4, 4, 7};

}  // namespace

void Worker::schedule_age_event(JobIndex index, Instant now) {
  const queue::Job& job = schedule_.job(index);
  const auto policy = policy_of(job.destination);
  const Instant accepted = job.accepted;
  Instant when = accepted + policy->lifetime;
  if (job.stage == queue::JobStage::held)
    when = accepted + policy->held_lifetime;
  else if (!job.delay_noticed && policy->delay_notice > Duration(0))
    when = std::min(when, accepted + policy->delay_notice);
  schedule_.set_age_event(index, std::max(when, now));
}

void Worker::look_at_age(JobIndex index, Instant now) {
  queue::Job& job = schedule_.job(index);
  const auto policy = policy_of(job.destination);
  const bool held = job.stage == queue::JobStage::held;
  const Instant accepted = job.accepted;
  const Instant deadline = accepted + (held ? policy->held_lifetime : policy->lifetime);
  if (now >= deadline) return look_at_expired(index, now, deadline);
  const Trouble* trouble = trouble_of(job.destination);
  const bool due = policy->delay_notice > Duration(0) && now >= accepted + policy->delay_notice;
  if (held || !due || job.delay_noticed) return schedule_age_event(index, now);
  // Nothing to tell yet when the message has neither been tried nor waits for a host in trouble.
  if (job.first_attempt && !trouble) return schedule_.set_age_event(index, std::min(deadline, now + kLookAgain));
  job.delay_noticed = services_.notices.delayed(job.message, routing::DestinationName(name_of(job.destination)),
                                                trouble ? trouble->failure() : std::nullopt, to_wall(deadline));
  if (!job.delay_noticed) return schedule_.set_age_event(index, std::min(deadline, now + kLookAgain));
  schedule_age_event(index, now);
}

// Time is up, but nothing expires without an attempt in this run, of its own or of its site, that was no earlier than just before its
// deadline. mxpressd does not probe a dead host for each message that expires. If no attempt begins within kLastChance, the message expires
// without one: expiry does not wait for other mail.
void Worker::look_at_expired(JobIndex index, Instant now, Instant deadline) {
  const queue::Job& job = schedule_.job(index);
  if (job.stage == queue::JobStage::held) {
    proto::HostResult result{proto::Stage::none, "", "", "", kDeliveryTimeExpired, 0, std::string(proto::kHeldTooLong), false};
    schedule_.lease_job(index);
    schedule_.job(index).hold_wanted = true;  // if it cannot be concluded now
    return conclude_soon({index, proto::Outcome::failed, {std::move(result)}});
  }
  schedule_.set_age_event(index, now + kLookAgain);
  Destination& destination = destinations_[job.destination];
  Trouble* trouble = destination.trouble.active() ? &destination.trouble : nullptr;
  if (!trouble && destination.site != queue::kNone && sites_[destination.site].trouble.active())
    trouble = &sites_[destination.site].trouble;
  if (trouble && trouble->last_time() >= deadline - Trouble::kFreshProbe) {
    schedule_.lease_job(index);
    return conclude_soon({index, proto::Outcome::deferred, *trouble->failure()});
  }
  if (job.stage == queue::JobStage::ready && !paused_ && now >= std::max(deadline, attempts_since_) + kLastChance) {
    proto::HostResult result{proto::Stage::none,
                             "",
                             "",
                             "",
                             kDeliveryTimeExpired,
                             0,
                             "no attempt could begin within an hour after its lifetime: its mail hosts were busy with other messages",
                             false};
    schedule_.lease_job(index);
    return conclude_soon({index, proto::Outcome::deferred, {std::move(result)}});
  }
  if (trouble) trouble->probe_now(now);
  if (destination.site != queue::kNone) wake_at(now, true, destination.site);
  if (job.stage != queue::JobStage::ready) schedule_.make_ready(index);  // else it keeps its place in the line
}

// The site or lookup has just failed: what waits for it and is past its lifetime has had its attempt.
void Worker::expire_waiting(DestinationIndex index, Instant now) {
  if (!schedule_.has_ready(index)) return;
  const Duration lifetime = policy_of(index)->lifetime;
  for (JobIndex job : schedule_.ready_jobs(index))
    if (const Instant deadline = Instant(schedule_.job(job).accepted) + lifetime; now >= deadline) look_at_expired(job, now, deadline);
}

}  // namespace mxpress::mta::delivery
