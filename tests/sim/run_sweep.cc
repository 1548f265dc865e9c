// The large check: spool, schedule and ledger agree, and nothing waits without end.
#include <algorithm>
#include <set>

#include "tests/sim/run.h"

namespace mxpress::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Duration kLongestWait = minutes(199);  // three hours and a tenth
constexpr Duration kAfterLifetime = hours(3);    // the last attempt and its time limits
constexpr std::size_t kCompared = 50;

}  // namespace

std::vector<mta::delivery::DestinationStatus> Run::status() {
  std::optional<std::vector<mta::delivery::DestinationStatus>> rows;
  dispatcher_->status([&](std::vector<mta::delivery::DestinationStatus> all) { rows = std::move(all); });
  if (!time_.run_until(*io_, [&] { return rows.has_value(); }, std::chrono::seconds(1))) ledger_.wrong("the workers do not answer");
  return rows.value_or(std::vector<mta::delivery::DestinationStatus>());
}

void Run::sweep() {
  time_.run_for(*io_, Duration(1));  // events in progress inside the process arrive
  const auto rows = status();
  const auto ids = spool_->ids(false);
  longest_queue_ = std::max(longest_queue_, ids.size());
  if (ids.size() != ledger_.open().size())
    ledger_.wrong("the queue has " + std::to_string(ids.size()) + " messages, the book " + std::to_string(ledger_.open().size()));
  for (const auto id : ids)
    if (ledger_.index_of(id) == queue::kNone || ledger_.message(ledger_.index_of(id)).open == 0)
      ledger_.wrong(id.to_string() + " is in the queue, and not in the book");
  compare_with_schedule(rows);
  look_at_waiting();
  compare_some();
}

// Each waiting message has its job there, and the destination a next event.
void Run::compare_with_schedule(const std::vector<mta::delivery::DestinationStatus>& rows) {
  std::vector<std::uint64_t> waiting(world_.destinations.size());
  std::vector<std::string> names(world_.destinations.size());
  for (const auto index : ledger_.open()) {
    const BookedMessage& message = ledger_.message(index);
    std::set<std::uint32_t> at;
    for (auto i = message.first; i < message.first + message.count; ++i)
      if (ledger_.recipient(i).stage == RecipientStage::pending && message.in_doubt == 0) at.insert(ledger_.recipient(i).destination);
    for (const auto destination : at) {
      ++waiting[destination];
      if (names[destination].size() < 200) names[destination] += " " + message.id.to_string();
    }
  }
  const WallTime now = Clock::current().wall();
  std::vector<std::uint64_t> jobs(world_.destinations.size());
  for (const auto& row : rows) {  // a destination may have several: a job stays where it waits when the site's owner is another worker
    if (row.destination == mta::delivery::kNoticesToCompose) continue;
    jobs[world_.destination_of(row.destination)] += row.messages;
    if (row.messages > row.held && row.next_try > now + kLongestWait) ledger_.wrong(row.destination + " has no next event in time");
  }
  for (std::size_t i = 0; i < jobs.size(); ++i)
    if (jobs[i] < waiting[i])
      ledger_.wrong(world_.destinations[i].name + " has " + std::to_string(jobs[i]) + " jobs for " + std::to_string(waiting[i]) +
                    " messages:" + names[i]);
}

void Run::look_at_waiting() {
  const auto policy = config_.get()->retry;
  const Instant now = instant_now();
  for (const auto index : ledger_.open()) {
    const BookedMessage& message = ledger_.message(index);
    const Duration age = now - message.submitted;
    const Duration lifetime = message.disturbed ? std::max(policy.lifetime, policy.held_lifetime) : policy.lifetime;
    if (age > lifetime + kAfterLifetime + (message.disturbed ? policy.lifetime : Duration(0)))
      ledger_.wrong(message.id.to_string() + " is " + queue::format_duration(age) + " old and still waits");
    if (message.disturbed || message.is_notice || age <= minutes(30)) continue;
    for (auto i = message.first; i < message.first + message.count; ++i)
      if (ledger_.recipient(i).stage == RecipientStage::pending && world_.destinations[ledger_.recipient(i).destination].healthy &&
          ledger_.recipient(i).deliveries == 0 && ledger_.recipient(i).not_before == Instant{})
        ledger_.wrong_about(i, "starves: nothing is wrong with its mail host");
  }
}

void Run::compare_some() {
  const auto& open = ledger_.open();
  for (std::size_t i = 0; i < std::min(open.size(), kCompared); ++i) {
    const auto id = ledger_.message(open[chance_.below(open.size())]).id;
    const auto message = spool_->load(id);
    if (!message) {
      ledger_.wrong(id.to_string() + " cannot be read: " + message.error().message);
    } else {
      ledger_.compare(*message);
    }
  }
}

}  // namespace mxpress::sim
