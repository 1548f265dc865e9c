// What operators see of a worker and do to its jobs.
#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>

#include "mta/delivery/backoff_key.h"
#include "mta/delivery/destination.h"
#include "mta/delivery/worker.h"

namespace mxpress::mta::delivery {
namespace {

void add_trouble(DestinationStatus& row, const Trouble& trouble, Instant now) {
  const auto failure = trouble.failure();
  row.last = failure->result;
  row.failing_since = failure->since;
  row.next_probe = to_wall(std::max(trouble.next_probe(), now));
}

}  // namespace

void Worker::restore_site(const queue::SiteRecord& record) {
  const auto key = BackoffKey::of_record(record.site);
  if (key.is_lookup()) {
    restored_lookups_[key.name()] = record;
    return;
  }
  if (const auto index = site_keys_.find(record.site)) restore(sites_[*index], record);
}

void Worker::restore(Site& site, const queue::SiteRecord& record) {
  const Duration wait = std::max(record.next_probe - Clock::current().wall(), Duration(0));  // no destination waits as long: join_site()
  if (site.has_answered && !site.trouble.active())  // what this run knows is newer, and has not been recorded
    return services_.spool.record_site({record.site, 0, {}, std::nullopt});
  site.restore(record.failures, instant_now() + wait, record.last);
}

std::vector<ActionEffect> Worker::acted(queue::ActionKind action, const std::vector<queue::QueueId>& messages) {
  std::vector<ActionEffect> effects;
  for (queue::QueueId message : messages) effects.push_back(acted_on(action, message));
  run_due();  // once: however many messages are to be tried again, their site gets one probe
  return effects;
}

ActionEffect Worker::acted_on(queue::ActionKind action, queue::QueueId message) {
  ActionEffect effect = ActionEffect::unknown;
  for (JobIndex index : schedule_.jobs_of(message)) {
    queue::Job& job = schedule_.job(index);
    const bool leased = job.stage == queue::JobStage::leased;
    if (leased && job.is_over) continue;  // as good as gone
    if (effect != ActionEffect::in_flight) effect = leased && !job.is_recorded ? ActionEffect::in_flight : ActionEffect::done;
    if (action == queue::ActionKind::retry && job.stage == queue::JobStage::held) effect = ActionEffect::held;
    switch (action) {
      case queue::ActionKind::remove:
      case queue::ActionKind::bounce:
        job.withdrawn = true;
        if (!leased) schedule_.remove(index);
        break;
      case queue::ActionKind::hold:
        job.hold_wanted = true;
        if (!leased) schedule_.hold(index);
        break;
      case queue::ActionKind::release:
        job.hold_wanted = false;
        if (job.stage == queue::JobStage::held) schedule_.make_ready(index);
        schedule_age_event(index, instant_now());
        break;
      case queue::ActionKind::retry:
        retry_now(index);
        break;
    }
  }
  return effect;
}

// The job is due, and its site may be asked now: by one probe, however many messages are told to retry.
void Worker::retry_now(JobIndex index) {
  queue::Job& job = schedule_.job(index);
  if (job.stage == queue::JobStage::held) return;
  if (job.stage == queue::JobStage::leased) {
    job.retry_wanted = true;
    return;
  }
  probe_now(job.destination);
  schedule_.make_ready(index);
}

// Whatever cools down is asked now: the lookup, and the site if it is known already.
void Worker::probe_now(DestinationIndex index) {
  Destination& destination = destinations_[index];
  const Instant now = instant_now();
  if (destination.trouble.active()) destination.trouble.probe_now(now);
  wake_at(now, false, index);
  destination.probe_wanted = destination.site == queue::kNone;
  if (destination.probe_wanted || !sites_[destination.site].trouble.active()) return;
  sites_[destination.site].trouble.probe_now(now);
  wake_at(now, true, destination.site);
}

// One look at each job, and at nothing else: there may be a million, and no mail moves meanwhile.
std::vector<DestinationStatus> Worker::status() {
  std::vector<Tally> tallies(schedule_.destination_count());
  schedule_.for_each([&](JobIndex, const queue::Job& job) { tallies[job.destination].count(job); });
  const Instant now = instant_now();
  std::vector<DestinationStatus> result;
  boost::unordered_flat_map<DestinationIndex, std::size_t> row_of;
  for (DestinationIndex index = 0; index < tallies.size(); ++index) {
    if (tallies[index].messages == 0) continue;
    row_of[index] = result.size();
    result.push_back(row(index, tallies[index], now));
  }
  for (const auto& [job, attempt] : underway_) {
    const queue::Job& leased = schedule_.job(job);
    const auto found = row_of.find(leased.destination);
    if (found == row_of.end()) continue;  // it has just ended
    const auto& [since, target] = attempt;
    result[found->second].flights.push_back(
        {leased.message, to_wall(since), target ? target->host : "", target ? target->address_text() : ""});
  }
  return result;
}

std::vector<DestinationStatus> Worker::status_of(queue::QueueId message) const {
  const Instant now = instant_now();
  std::vector<DestinationStatus> result;
  for (JobIndex index : schedule_.jobs_of(message)) {
    const DestinationIndex destination = schedule_.job(index).destination;
    const Trouble* trouble = trouble_of(destination);
    const auto underway = underway_.find(index);
    if (!trouble && underway == underway_.end()) continue;
    DestinationStatus& row = result.emplace_back();
    row.destination = name_of(destination).shown();
    row.last = destinations_[destination].last.get();
    if (trouble) add_trouble(row, *trouble, now);
    if (underway == underway_.end()) continue;
    const auto& [since, target] = underway->second;
    row.flights.push_back({message, to_wall(since), target ? target->host : "", target ? target->address_text() : ""});
  }
  return result;
}

void Worker::Tally::count(const queue::Job& job) {
  const bool is_leased = job.stage == queue::JobStage::leased;
  const bool is_recorded = is_leased && job.is_recorded, is_ending = is_recorded && job.is_over;
  ++messages;
  in_flight += is_leased && !is_recorded;
  held += job.stage == queue::JobStage::held;
  ending += is_ending;
  is_due = is_due || job.stage == queue::JobStage::ready || (is_leased && !is_recorded) || is_ending;
  if (job.stage == queue::JobStage::waiting || is_recorded) next_try = std::min(next_try, job.next_try);
  oldest = std::min<Instant>(oldest, job.accepted);
}

DestinationStatus Worker::row(DestinationIndex index, const Tally& tally, Instant now) const {
  const Destination& destination = destinations_[index];
  const Trouble* trouble = trouble_of(index);
  DestinationStatus row;
  row.destination = name_of(index).shown();
  if (const auto targets = destination.targets.get(); !targets.empty()) row.site = targets.front().host;
  row.messages = tally.messages;
  row.in_flight = tally.in_flight;
  row.held = tally.held;
  row.ending = tally.ending;
  row.oldest = to_wall(tally.oldest);
  const Instant due = trouble ? trouble->next_probe() : now;
  const Instant next_try = tally.is_due ? std::min(due, tally.next_try) : tally.next_try;
  if (tally.held < tally.messages) row.next_try = to_wall(std::max(next_try, now));
  row.last = destination.last.get();
  if (trouble) add_trouble(row, *trouble, now);
  return row;
}

void Worker::pause(bool paused) {
  if (paused_ && !paused) attempts_since_ = instant_now();
  paused_ = paused;
  for (DestinationIndex index = 0; !paused && index < destinations_.size(); ++index) wake_at(instant_now(), false, index);
  run_due();
}

void Worker::reconfigured(std::shared_ptr<const Config> config, std::shared_ptr<dns::Resolver> resolver) {
  lookup_config_ = std::move(config);
  resolver_ = std::move(resolver);
  own_addresses_.ask_again();
  const Instant now = instant_now();
  for (DestinationIndex index = 0; index < destinations_.size(); ++index) {
    Destination& destination = destinations_[index];
    if (!has_fixed_site(index)) destination.located_until = Instant::min();
    ++destination.answers;
    destination.trouble.over();  // it may have been ours
    wake_at(now, false, index);
  }
  run_due();
}

}  // namespace mxpress::mta::delivery
