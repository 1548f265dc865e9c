// What operators see of a worker and do to its jobs.
#include <algorithm>
#include <map>

#include "mta/delivery/destination.h"
#include "mta/delivery/worker.h"

namespace mxpress::mta::delivery {
namespace {

const std::string kLookupPrefix = "lookup:";

}  // namespace

void Worker::restore_site(const queue::SiteRecord& record) {
  if (record.site.starts_with(kLookupPrefix)) {
    restored_lookups_[record.site.substr(kLookupPrefix.size())] = record;
    return;
  }
  const Duration wait = std::max(record.next_probe - Clock::current().wall(), Duration(0));  // no destination waits as long: join_site()
  sites_[site_index(record.site)]->trouble.restore(record.failures, instant_now() + wait, record.last);
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
    if (effect != ActionEffect::in_flight) effect = leased ? ActionEffect::in_flight : ActionEffect::done;
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
  Destination& destination = *destinations_[index];
  const Instant now = instant_now();
  if (destination.trouble.active()) destination.trouble.probe_now(now);
  wake_at(now, false, index);
  destination.probe_wanted = destination.site == queue::kNone;
  if (destination.probe_wanted || !sites_[destination.site]->trouble.active()) return;
  sites_[destination.site]->trouble.probe_now(now);
  wake_at(now, true, destination.site);
}

std::vector<DestinationStatus> Worker::status() {
  std::map<DestinationIndex, DestinationStatus> rows;
  const Instant now = instant_now();
  schedule_.for_each([&](JobIndex job_index, const queue::Job& job) {
    auto [found, is_new] = rows.try_emplace(job.destination);
    DestinationStatus& row = found->second;
    const Trouble* trouble = trouble_of(job.destination);
    Instant next = job.next_try;
    if (job.stage == queue::JobStage::ready || job.stage == queue::JobStage::leased) next = trouble ? trouble->next_probe() : now;
    const WallTime next_try = to_wall(std::max(next, now));
    ++row.messages;
    row.in_flight += job.stage == queue::JobStage::leased;
    if (const auto attempt = underway_.find(job_index); attempt != underway_.end()) {
      const auto& [since, target] = attempt->second;
      row.flights.push_back({job.message, to_wall(since), target ? target->host : "", target ? target->address_text() : ""});
    }
    row.held += job.stage == queue::JobStage::held;
    row.oldest = is_new ? to_wall(job.accepted) : std::min(row.oldest, to_wall(job.accepted));
    if (job.stage != queue::JobStage::held) row.next_try = row.next_try == WallTime{} ? next_try : std::min(row.next_try, next_try);
  });
  std::vector<DestinationStatus> result;
  for (auto& [index, row] : rows) {
    const Destination& destination = *destinations_[index];
    row.destination = schedule_.name(index);
    if (!destination.targets.empty()) row.site = destination.targets.front().host;
    const Trouble* trouble = trouble_of(index);
    row.last = trouble ? trouble->last() : destination.last;
    if (trouble) row.next_probe = to_wall(std::max(trouble->next_probe(), now));
    result.push_back(std::move(row));
  }
  return result;
}

void Worker::pause(bool paused) {
  paused_ = paused;
  for (DestinationIndex index = 0; !paused && index < destinations_.size(); ++index) wake_at(instant_now(), false, index);
  run_due();
}

void Worker::reconfigured(std::shared_ptr<dns::Resolver> resolver) {
  resolver_ = std::move(resolver);
  const Instant now = instant_now();
  for (DestinationIndex index = 0; index < destinations_.size(); ++index) {
    Destination& destination = *destinations_[index];
    destination.located_until.reset();
    destination.trouble.over();  // it may have been ours
    wake_at(now, false, index);
  }
  run_due();
}

}  // namespace mxpress::mta::delivery
