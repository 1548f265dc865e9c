// Runs deliveries.
#include "mta/delivery/job_runner.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "mta/config/config.h"
#include "mta/delivery/backoffs.h"
#include "mta/delivery/delivery_room.h"
#include "mta/delivery/destination.h"
#include "mta/delivery/destinations.h"
#include "mta/delivery/flights.h"
#include "mta/delivery/job_loader.h"
#include "mta/delivery/leases.h"
#include "mta/delivery/reply_effects.h"
#include "mta/delivery/shared_messages.h"
#include "mta/delivery/site_limits.h"
#include "mta/delivery/site_outages.h"
#include "mta/delivery/site_table.h"
#include "mta/delivery/turns.h"
#include "mta/rates/hold.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"
#include "mta/transport/report.h"
#include "mta/transport/transport.h"
#include "mta/transport/transports.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {

void JobRunner::start(JobIndex job, DestinationIndex destination, SiteIndex site, const fairness::Owner& owner,
                      std::unique_ptr<rates::Hold> hold) {
  const queue::QueueId id = parts_.schedule.job(job).message;
  const std::uint32_t slot = parts_.handled ? parts_.handled->begin(id) : system::CrashRecord::kNoSlot;
  asio::co_spawn(parts_.io, run({job, destination, site, parts_.turns.begin(site, owner), std::move(hold)}),
                 [this, job, id, slot](std::exception_ptr error) {
                   if (parts_.handled) parts_.handled->end(slot);
                   if (!error) return;
                   log_bug("delivery of " + id.to_string(), error);
                   const queue::Job& now = parts_.schedule.job(job);
                   if (now.message == id && now.stage == queue::JobStage::leased) parts_.leases.wait_after_failure(job);
                 });
}

Task<void> JobRunner::run(Attempt attempt) {
  std::exception_ptr bug;
  Share share;
  AttemptReport report;
  LoadBudget::Charge charge;
  const Instant begin = instant_now();
  parts_.flights.begin(attempt.job, begin);
  try {
    if (!is_busy(attempt, report)) share = co_await load(attempt, charge);
    if (share) report = co_await deliver(attempt, share);
  } catch (...) {
    bug = std::current_exception();
  }
  parts_.flights.end(attempt.job);
  parts_.turns.end(attempt.site, attempt.place);
  if (attempt.hands_over) --handing_over_;
  const bool was_stopped = is_stopping_ && !attempt.hands_over;  // the message stays as it was
  try {
    if (report.is_busy)
      wait_for_host(attempt, report.failure);
    else if (share && !bug && !was_stopped)
      finish(attempt, std::move(share), std::move(report), instant_now() - begin);
  } catch (...) {
    bug = std::current_exception();
  }
  actions_.ended(attempt.site);
  if (bug) std::rethrow_exception(bug);
}

// Mail that may have to wait again for busy hosts is checked before it is read: reading may take much longer than they are busy.
bool JobRunner::is_busy(const Attempt& attempt, AttemptReport& report) {
  if (!parts_.turns.has_waited_for_host(attempt.site, attempt.place.owner)) return false;
  const transport::Order order = order_for(attempt);
  auto why = parts_.transports.of(*order.terms).busy_now(order);
  if (!why) return false;
  report.is_busy = true;
  report.failure = std::move(*why);
  return true;
}

// None: the lease has ended without a delivery.
Task<Share> JobRunner::load(const Attempt& attempt, LoadBudget::Charge& charge) {
  Share share = co_await parts_.loader.load(attempt.job, attempt.destination, Need::content);
  if (!share) co_return Share();
  if (parts_.destinations[attempt.destination].site != attempt.site) {
    parts_.leases.requeue(attempt.job);
    co_return Share();
  }
  if (!parts_.room.take(attempt.job, *share, charge)) {
    parts_.leases.wait_for_room(attempt.job);
    co_return Share();
  }
  co_return share;
}

// Without the message.
transport::Order JobRunner::order_for(const Attempt& attempt) const {
  transport::Order order;
  order.config = parts_.config.get();
  order.rules = parts_.destinations.rules();
  order.targets = parts_.destinations[attempt.destination].targets.get();
  order.site = attempt.site;
  order.owner = attempt.place.owner;
  order.most_connections = parts_.turns.session_limit(attempt.destination, *order.config);
  order.terms = parts_.sites[attempt.site].terms;
  order.is_by_route = parts_.sites[attempt.site].is_by_route;
  return order;
}

Task<AttemptReport> JobRunner::deliver(Attempt& attempt, const Share& share) {
  const JobIndex job = attempt.job;
  transport::Order order = order_for(attempt);
  order.message = share.message();
  order.recipients = pending_recipients(*order.message, parts_.destinations.name(attempt.destination), *order.config);
  if (attempt.hold) {
    const std::size_t most = order.config->delivery.max_recipients;
    co_await parts_.limits.cut(*attempt.hold, attempt.site, order.owner, *order.message, order.recipients, most);
    order.limit = attempt.hold.get();
  }
  order.wanted = [this, job] { return is_wanted(job); };
  order.hand_over = [this, &attempt] { return begin_hand_over(attempt); };
  order.trying = [this, job](const dns::Target& target) { parts_.flights.ask(job, target); };
  co_return co_await parts_.transports.of(*order.terms).deliver(order);
}

bool JobRunner::is_wanted(JobIndex index) const {
  const queue::Job& job = parts_.schedule.job(index);
  return !is_stopping_ && !job.withdrawn && !job.hold_wanted;
}

bool JobRunner::begin_hand_over(Attempt& attempt) {
  if (!is_wanted(attempt.job)) return false;
  if (!std::exchange(attempt.hands_over, true)) ++handing_over_;
  return true;
}

// The mail hosts accept no more connections for this owner's mail at the moment: nothing was tried.
void JobRunner::wait_for_host(const Attempt& attempt, const proto::HostResult& why) {
  parts_.destinations[attempt.destination].last = parts_.destinations.brief(why);
  parts_.turns.wait_for_host(attempt.site, attempt.place.owner);
  parts_.leases.requeue(attempt.job);
}

// What the replies mean may keep mail that was refused, and slow the site. One alert for the first mail that a site refuses like that.
void JobRunner::apply_replies(const Attempt& attempt, const queue::Message& message, AttemptReport& report) {
  const auto is_refusal = [](const proto::RecipientResult& result) { return result.last.reply_code >= 400; };
  const auto rules = parts_.destinations.rules();
  if (!rules || std::none_of(report.results.begin(), report.results.end(), is_refusal)) return;
  const auto policy = parts_.destinations.policy(attempt.destination);
  const proto::ReversePath& sender = message.envelope.reverse_path;
  const bool is_own = sender.is_null() || parts_.config.get()->is_sent_for(sender.mailbox().domain());
  const replies::Rule* const fault =
      apply_rules(*rules, message, *policy, parts_.leases.age(attempt.job), is_own ? SenderDomain::own : SenderDomain::foreign, report);
  if (fault && !std::exchange(parts_.sites[attempt.site].fault_is_told, true)) parts_.backoffs.tell_own_fault(attempt.site, *fault, report);
}

void JobRunner::finish(const Attempt& attempt, Share share, AttemptReport report, Duration took) {
  apply_replies(attempt, *share, report);
  if (report.site_failed && !parts_.backoffs.counts_against_site(attempt.destination, attempt.site, *share, report)) {
    report.site_failed = false;
    parts_.destinations[attempt.destination].last = parts_.destinations.brief(report.failure);
  } else {
    site_answered(attempt, report, took);
  }
  if (attempt.hold) {
    const auto pending = pending_recipients(*share, parts_.destinations.name(attempt.destination), *parts_.config.get());
    report.left_out_due = left_out_due(*share, pending, report);
  }
  std::optional<WallTime> next_try;
  if (report.site_failed)
    next_try = to_wall(parts_.sites[attempt.site].backoff.next_probe());
  else if (report.wait)
    next_try = report.ended + *report.wait;
  // Other mail may end the backoff, which says nothing about this message.
  if (report.wait && parts_.sites[attempt.site].suspicion.is_of_owners()) report.site_failed = false;
  parts_.leases.settle(attempt.job, attempt.destination, std::move(share), std::move(report), next_try);
}

// Reports the attempt's result to the site: a failure makes it back off, an answer opens its window.
void JobRunner::site_answered(const Attempt& attempt, const AttemptReport& report, Duration took) {
  const DestinationIndex destination = attempt.destination;
  const SiteIndex site = attempt.site;
  if (parts_.outages) parts_.outages->attempted(site, destination, attempt.place.owner, report);
  CompactResult& last = parts_.destinations[destination].last;
  for (const proto::RecipientResult& result : report.results)
    if (result.outcome == proto::Outcome::delivered)
      last = std::nullopt;
    else if (result.outcome != proto::Outcome::untried && !report.site_failed)
      last = parts_.destinations.brief(result.last);
  if (!report.site_failed)
    return parts_.backoffs.succeeded(destination, site, parts_.turns.session_limit(destination, *parts_.config.get()), took);
  parts_.backoffs.failed(destination, site, report.failure, instant_now() - took, {report.wait, report.is_own_fault});
  actions_.backs_off(site);
}

}  // namespace mxpress::mta::delivery
