// Conclusions without a host.
#include "mta/delivery/conclusions.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "mta/config/config.h"
#include "mta/delivery/conclusion.h"
#include "mta/delivery/delivery_room.h"
#include "mta/delivery/destination.h"
#include "mta/delivery/destinations.h"
#include "mta/delivery/event_of.h"
#include "mta/delivery/job_loader.h"
#include "mta/delivery/leases.h"
#include "mta/delivery/shared_messages.h"
#include "mta/delivery/site_table.h"
#include "mta/delivery/verdict.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {

void Conclusions::spawn(Task<void> task) {
  asio::co_spawn(parts_.io, std::move(task), [](std::exception_ptr error) { log_bug("a conclusion", error); });
}

std::optional<fairness::Owner> Conclusions::place_for(proto::QueueId message) {
  const fairness::Owner owner = parts_.spool.share_owner_of(message);
  return places_.take(owner, 1) ? std::optional(owner) : std::nullopt;
}

void Conclusions::conclude(Conclusion conclusion) {
  if (!parts_.schedule.job(conclusion.job).is_one_of_many) return spawn(conclude_in_turn(std::move(conclusion)));
  const queue::QueueId id = parts_.schedule.job(conclusion.job).message;
  const auto [line, is_new] = lines_.try_emplace(id);
  line->second.push_back(std::move(conclusion));
  if (is_new) spawn(conclude_line(id));
}

Task<void> Conclusions::conclude_line(queue::QueueId message) {
  for (auto& line = lines_[message]; !line.empty() && !stopping_; line.pop_front()) co_await conclude_in_turn(std::move(line.front()));
  lines_.erase(message);
}

Task<void> Conclusions::conclude_in_turn(Conclusion conclusion) {
  const JobIndex index = conclusion.job;
  const queue::QueueId id = parts_.schedule.job(index).message;
  const auto place = conclusion.place;
  const system::Handled handled(parts_.handled, id);
  try {
    co_await conclude_job(std::move(conclusion));
  } catch (...) {
    log_bug("the conclusion of " + id.to_string(), std::current_exception());
    const queue::Job& job = parts_.schedule.job(index);
    if (job.message == id && job.stage == queue::JobStage::leased) parts_.leases.wait_after_failure(index);
  }
  if (place) places_.give_back(*place, 1);
}

Task<void> Conclusions::conclude_job(Conclusion conclusion) {
  auto& [job, outcome, failure, place] = conclusion;
  if (!parts_.room.has_log_room(job)) co_return parts_.leases.wait_for_room(job);
  const DestinationIndex destination = parts_.schedule.job(job).destination;
  Share share = co_await parts_.loader.load(job, destination, Need::envelope);
  if (!share) co_return;
  auto recipients = pending_recipients(*share, parts_.destinations.name(destination), *parts_.config.get());
  if (!log_rooms().outcomes.has_room(share->envelope.submitter.share_owner(), octets_of_lines(*share, recipients, failure)))
    co_return parts_.leases.wait_for_room(job);
  auto report = report_of_waiting(*share, std::move(recipients), outcome, failure, Clock::current().wall());
  std::optional<WallTime> next_try;
  if (const Backoff* backoff = parts_.sites.backoff_of(destination)) next_try = to_wall(backoff->next_probe());
  parts_.leases.settle(job, destination, std::move(share), std::move(report), next_try);
}

}  // namespace mxpress::mta::delivery
