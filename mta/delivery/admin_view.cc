// Counts waiting jobs, and finds the reasons why they wait.
#include "mta/delivery/admin_view.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>

#include "mta/delivery/destinations.h"
#include "mta/delivery/flights.h"
#include "mta/delivery/site_limits.h"
#include "mta/delivery/site_outages.h"
#include "mta/delivery/site_table.h"
#include "mta/system/instant.h"
#include "mta/transport/provider_terms.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {
namespace {

void add_backoff(DestinationStatus& row, const Backoff& backoff, Instant now) {
  const auto failure = backoff.failure();
  row.last = failure->result;
  row.failing_since = failure->since;
  row.next_probe = to_wall(std::max(backoff.next_probe(), now));
}

}  // namespace

// If the limit depends on a delivery in progress, the wait ends soon.
void add_limit(DestinationStatus& row, const SiteLimits::Why& why, Instant now) {
  row.last = why.failure.result;
  row.next_probe = to_wall(std::max(why.until.value_or(now), now));
}

// The site itself may be healthy.
void add_outage(DestinationStatus& row, SiteFailure why, std::optional<Instant> next, Instant now) {
  row.last = std::move(why.result);
  row.failing_since = why.since;
  if (next) row.next_probe = row.next_try = to_wall(std::max(*next, now));
}

// The waiting jobs of one destination.
struct AdminView::Tally {
  std::size_t messages = 0, in_flight = 0, held = 0, ending = 0;
  bool is_due = false;    // some are due: they wait for the site
  bool is_ready = false;  // of these, some are not in flight
  Instant next_try = Instant::max(), oldest = Instant::max(), oldest_waiting = Instant::max();

  void count(const queue::Job& job) {
    const bool is_leased = job.stage == queue::JobStage::leased;
    const bool is_recorded = is_leased && job.is_recorded, is_ending = is_recorded && job.is_over;
    ++messages;
    in_flight += is_leased && !is_recorded;
    held += job.stage == queue::JobStage::held;
    ending += is_ending;
    is_ready = is_ready || job.stage == queue::JobStage::ready;
    is_due = is_due || job.stage == queue::JobStage::ready || (is_leased && !is_recorded) || is_ending;
    if (job.stage == queue::JobStage::waiting || is_recorded) next_try = std::min(next_try, job.next_try);
    oldest = std::min<Instant>(oldest, job.accepted);
    if (job.stage != queue::JobStage::held && !is_ending) oldest_waiting = std::min<Instant>(oldest_waiting, job.accepted);
  }
};

// Looks at each job once, and at nothing else: there may be a million, and no mail moves meanwhile.
std::vector<DestinationStatus> AdminView::status(Instant now) const {
  std::vector<Tally> tallies(schedule_.destination_count());
  schedule_.for_each([&](JobIndex, const queue::Job& job) { tallies[job.destination].count(job); });
  std::vector<DestinationStatus> result;
  boost::unordered_flat_map<DestinationIndex, std::size_t> row_of;
  for (DestinationIndex index = 0; index < tallies.size(); ++index) {
    if (tallies[index].messages == 0) continue;
    row_of[index] = result.size();
    result.push_back(row(index, tallies[index], now));
  }
  flights_.for_each_job([&](JobIndex job) {
    const queue::Job& leased = schedule_.job(job);
    const auto found = row_of.find(leased.destination);
    if (found != row_of.end()) result[found->second].flights.push_back(*flights_.find(job, leased.message));  // otherwise it has just ended
  });
  return result;
}

std::vector<DestinationStatus> AdminView::status_of(queue::QueueId message, Instant now) const {
  std::vector<DestinationStatus> result;
  for (JobIndex index : schedule_.jobs_of(message)) {
    const DestinationIndex destination = schedule_.job(index).destination;
    const Backoff* backoff = sites_.backoff_of(destination);
    const bool is_ready = schedule_.job(index).stage == queue::JobStage::ready;
    const auto limit = is_ready && !backoff ? limits_.why(destinations_[destination].site, now) : std::nullopt;
    auto flight = flights_.find(index, message);
    auto outage = outages_ && !flight ? outages_->why(destination) : std::nullopt;
    auto last = destinations_[destination].last.get();
    const bool is_busy = is_ready && !backoff && last && transport::says_enough(*last);
    if (!backoff && !flight && !limit && !outage && !is_busy) continue;
    DestinationStatus& row = result.emplace_back();
    row.destination = destinations_.name(destination).shown();
    row.last = std::move(last);
    if (is_busy) row.next_probe = to_wall(now);
    if (backoff) add_backoff(row, *backoff, now);
    if (limit) add_limit(row, *limit, now);
    if (outage) add_outage(row, std::move(*outage), outages_->next_probe(destination), now);
    if (flight) row.flights.push_back(std::move(*flight));
  }
  return result;
}

DestinationStatus AdminView::row(DestinationIndex index, const Tally& tally, Instant now) const {
  const Destination& destination = destinations_[index];
  const Backoff* backoff = sites_.backoff_of(index);
  DestinationStatus row;
  row.destination = destinations_.name(index).shown();
  if (const auto targets = destination.targets.get(); !targets.empty()) row.site = targets.front().host;
  row.messages = tally.messages;
  row.in_flight = tally.in_flight;
  row.held = tally.held;
  row.ending = tally.ending;
  row.oldest = to_wall(tally.oldest);
  if (tally.oldest_waiting != Instant::max()) row.oldest_waiting = to_wall(tally.oldest_waiting);
  const auto limit = tally.is_ready && !backoff ? limits_.why(destination.site, now) : std::nullopt;
  const Instant due = backoff ? backoff->next_probe() : limit ? limit->until.value_or(now) : now;
  const Instant next_try = tally.is_due ? std::min(due, tally.next_try) : tally.next_try;
  if (tally.held < tally.messages) row.next_try = to_wall(std::max(next_try, now));
  row.last = destination.last.get();
  if (backoff) add_backoff(row, *backoff, now);
  if (limit) add_limit(row, *limit, now);
  if (auto outage = outages_ && tally.in_flight == 0 ? outages_->why(index) : std::nullopt)
    add_outage(row, std::move(*outage), outages_->next_probe(index), now);
  return row;
}

}  // namespace mxpress::mta::delivery
