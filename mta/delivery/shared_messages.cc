// Reads messages with many jobs once for all of them.
#include "mta/delivery/shared_messages.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <string_view>
#include <unordered_map>

#include "mta/config/config.h"
#include "mta/delivery/destination.h"
#include "mta/delivery/large_checks.h"
#include "mta/delivery/load_budget.h"
#include "mta/delivery/site.h"
#include "mta/fairness/blocking.h"
#include "mta/system/crash_record.h"
#include "mta/system/instant.h"
#include "queue/cached_file.h"
#include "queue/message_store.h"
#include "queue/state.h"

namespace mxpress::mta::delivery {
namespace {

using Hash = std::size_t;
using ByDestination = std::vector<std::pair<Hash, std::uint32_t>>;

Hash hash_of(DestinationRef destination) { return routing::DestinationHash()(destination); }

// The recipients, sorted by their destinations.
ByDestination by_destination(const queue::Message& message, const Config& config) {
  ByDestination result;
  result.reserve(message.envelope.recipients.size());
  const routing::RecipientRouting routing(message.envelope, config);
  for (std::uint32_t i = 0; i < message.envelope.recipients.size(); ++i)
    result.emplace_back(hash_of(routing.destination_of(message.envelope.recipients[i].mailbox)), i);
  std::sort(result.begin(), result.end());
  return result;
}

std::uint64_t octets_of(const queue::Message& message) {
  constexpr std::uint64_t kEach = sizeof(proto::Recipient) + sizeof(queue::RecipientState) + sizeof(ByDestination::value_type);
  constexpr std::uint64_t kTexts = 160;  // of its mailbox, and its last result
  return sizeof(message) + message.recipients.size() * (kEach + kTexts);
}

// A copy without the recipients.
queue::Message without_recipients(const queue::Message& message) {
  const proto::Envelope& from = message.envelope;
  queue::Message part;
  part.id = message.id;
  part.envelope = {
      from.reverse_path, from.author,    from.is_as_other, from.refused,   {},      from.ret, from.envid, from.body, from.has_long_lines,
      from.held_because, from.is_notice, from.submitter,   from.submitted, from.tls};
  part.held = message.held;
  part.accepted_at = message.accepted_at;
  part.ended = message.ended;
  part.ended_at = message.ended_at;
  return part;
}

}  // namespace

struct SharedMessages::Copy {
  queue::Message message;  // without its attempts
  bool has_content = false;
  Status content;
  std::shared_ptr<const Config> config;  // the configuration of these destinations
  ByDestination recipients;
  std::uint64_t octets = 0;
  Instant read{}, used{};

  bool serves(const std::shared_ptr<const Config>& wanted, Need need, Instant now) const {
    return config == wanted && (need == Need::envelope || has_content) && now < read + kLife;
  }
};

struct SharedMessages::Entry {
  CopyPtr copy;
  bool is_being_read = false;
  bool is_outdated = false;                        // by an event since the read began
  std::vector<queue::Settlement::Change> settled;  // since the read began
  std::vector<Waiter> waiting;                     // for the read
  Instant last_read = Instant::min();
  bool made_way = false;
};

struct SharedMessages::Shared {
  std::unordered_map<queue::QueueId, Entry> entries;
  Counters counters;
};

SharedMessages::SharedMessages(queue::MessageStore& spool, fairness::FileTurns* files, LoadBudget& budget, LargeChecks& large_checks,
                               std::uint64_t most_kept)
    : spool_(spool),
      files_(files),
      budget_(budget),
      large_checks_(large_checks),
      most_kept_(most_kept),
      shared_(std::make_unique<queue::Guarded<Shared>>()) {}

SharedMessages::~SharedMessages() = default;

Task<Result<SharedMessages::Given>> SharedMessages::share(queue::QueueId id, routing::DestinationName destination,
                                                          std::shared_ptr<const Config> config, Need need) {
  // There may be thousands at a time, and a worker must not process all of them without a break.
  co_await asio::post(co_await asio::this_coro::executor, use_task);
  const auto copy = co_await copy_for(id, config, need);
  if (!copy) co_return copy.error();
  co_return cut(**copy, destination, need);
}

Task<Result<SharedMessages::CopyPtr>> SharedMessages::copy_for(queue::QueueId id, const std::shared_ptr<const Config>& config, Need need) {
  for (;;) {
    const Instant now = instant_now();
    {
      auto shared = shared_->lock();
      Entry& entry = shared->entries[id];
      entries_ = shared->entries.size();
      if (entry.copy && entry.copy->serves(config, need, now)) {
        entry.copy->used = now;
        co_return entry.copy;
      }
      if (!std::exchange(entry.is_being_read, true)) break;
    }
    auto copy = co_await wait_for_read(id);
    if (!copy) co_return copy.error();
    if (*copy && (*copy)->serves(config, need, now)) co_return std::move(*copy);
  }
  co_return co_await read(id, config, need);
}

// A null pointer if it has ended already.
Task<Result<SharedMessages::CopyPtr>> SharedMessages::wait_for_read(queue::QueueId id) {
  const Executor executor = co_await asio::this_coro::executor;
  auto start = [this, id, executor](auto handler) {
    // Shared because std::function must be copyable and a coroutine's handler is not.
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    Waiter waiter = [waiting, executor, work = asio::make_work_guard(executor)](Result<CopyPtr> copy) {
      asio::post(executor, [waiting, copy = std::move(copy)]() mutable { std::move (*waiting)(std::move(copy)); });
    };
    auto shared = shared_->lock();
    const auto entry = shared->entries.find(id);
    if (entry != shared->entries.end() && entry->second.is_being_read) return entry->second.waiting.push_back(std::move(waiter));
    waiter(CopyPtr());
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Result<CopyPtr>)>(std::move(start), use_task);
}

// In any case the waiting jobs get an answer.
Task<Result<SharedMessages::CopyPtr>> SharedMessages::read(queue::QueueId id, std::shared_ptr<const Config> config, Need need) {
  Result<CopyPtr> copy = Error::transient("the message could not be read because of a bug");
  std::exception_ptr bug;
  try {
    copy = co_await read_now(id, std::move(config), need);
  } catch (...) {
    bug = std::current_exception();
  }
  finish_read(id, copy);
  if (bug) std::rethrow_exception(bug);
  co_return copy;
}

Task<Result<SharedMessages::CopyPtr>> SharedMessages::read_now(queue::QueueId id, std::shared_ptr<const Config> config, Need need) {
  Instant not_before = Instant::min();
  {
    auto shared = shared_->lock();
    const Entry& entry = shared->entries[id];
    if (entry.made_way) not_before = entry.last_read + kBetweenReads;
  }
  if (const Instant now = instant_now(); now < not_before) {
    Timer timer(co_await asio::this_coro::executor, not_before - now);
    co_await timer.async_wait(use_task);
  }
  const std::uint64_t octets = spool_.octets_to_load(id);
  const fairness::Owner owner = spool_.share_owner_of(id);
  const auto charge = co_await budget_.acquire(octets, owner);
  {
    auto shared = shared_->lock();
    Entry& entry = shared->entries[id];
    entry.settled.clear();  // the spool knows them
    entry.is_outdated = false;
    ++shared->counters.reads;
  }
  auto load = [&spool = spool_, id, config = std::move(config), need]() -> Result<CopyPtr> {
    const system::HandlingNow now(id);
    auto message = spool.load(id);
    if (!message) return message.error();
    auto copy = std::make_shared<Copy>();
    copy->has_content = need == Need::content;
    if (copy->has_content && message->content && !LargeChecks::is_large(*message->content)) {
      auto content = queue::checked(message->content);
      copy->content = content ? Status() : Status(content.error());
      if (content) message->content = std::move(*content);
    }
    if (!copy->has_content) message->content.reset();
    message->attempts = {};
    copy->message = std::move(*message);
    copy->recipients = by_destination(copy->message, *config);
    copy->config = config;
    copy->octets = octets_of(copy->message);
    return copy;
  };
  auto copy = co_await fairness::run_blocking(files_, {owner, octets}, std::move(load));
  if (copy) {
    const auto& content = (*copy)->message.content;
    if (content && LargeChecks::is_large(*content)) (*copy)->content = co_await large_checks_.check(id, owner, content);
  }
  if (copy) (*copy)->read = (*copy)->used = instant_now();
  co_return copy;
}

void SharedMessages::finish_read(queue::QueueId id, const Result<CopyPtr>& copy) {
  std::vector<Waiter> waiting;
  {
    auto shared = shared_->lock();
    Entry& entry = shared->entries[id];
    entry.is_being_read = false;
    entry.made_way = false;
    entry.last_read = instant_now();
    waiting.swap(entry.waiting);
    if (copy) queue::apply_states((*copy)->message, entry.settled);
    entry.settled = {};
    if (copy && !std::exchange(entry.is_outdated, false)) keep(*shared, entry, *copy);
  }
  for (const Waiter& waiter : waiting) waiter(copy);
}

void SharedMessages::keep(Shared& shared, Entry& entry, CopyPtr copy) {
  drop(shared, entry);
  shared.counters.kept += copy->octets;
  entry.copy = std::move(copy);
  make_room(shared, *entry.copy);
  shared.counters.peak = std::max(shared.counters.peak, shared.counters.kept);
}

void SharedMessages::make_room(Shared& shared, const Copy& newest) {
  while (shared.counters.kept > most_kept_) {
    Entry* oldest = nullptr;
    for (auto& [id, entry] : shared.entries)
      if (entry.copy && entry.copy.get() != &newest && (!oldest || entry.copy->used < oldest->copy->used)) oldest = &entry;
    if (!oldest) return;
    drop(shared, *oldest);
    oldest->made_way = true;
  }
}

void SharedMessages::drop(Shared& shared, Entry& entry) {
  if (entry.copy) shared.counters.kept -= entry.copy->octets;
  entry.copy.reset();
}

SharedMessages::Given SharedMessages::cut(const Copy& copy, routing::DestinationRef destination, Need need) {
  auto shared = shared_->lock();  // settled() changes the copy
  ++shared->counters.shares;
  auto part = std::make_shared<queue::Message>(without_recipients(copy.message));
  if (need == Need::content) part->content = copy.message.content;
  std::vector<std::uint32_t> places;
  const routing::RecipientRouting routing(copy.message.envelope, *copy.config);
  const Hash hash = hash_of(destination);
  auto found = std::lower_bound(copy.recipients.begin(), copy.recipients.end(), std::pair(hash, std::uint32_t{0}));
  for (; found != copy.recipients.end() && found->first == hash && !part->ended; ++found) {
    const std::uint32_t place = found->second;
    const proto::Recipient& recipient = copy.message.envelope.recipients[place];
    if (copy.message.recipients[place].stage != queue::RecipientStage::pending) continue;
    if (!routing.is_destination_of(recipient.mailbox, destination)) continue;
    part->envelope.recipients.push_back(recipient);
    part->recipients.push_back(copy.message.recipients[place]);
    places.push_back(place);
  }
  return {Share(std::move(part), std::move(places)), need == Need::content ? copy.content : Status()};
}

void SharedMessages::settled(const queue::Settlement& settlement) {
  if (entries_ == 0) return;
  auto shared = shared_->lock();
  const auto found = shared->entries.find(settlement.message);
  if (found == shared->entries.end()) return;
  Entry& entry = found->second;
  const auto& changes = settlement.changes;
  if (entry.copy) queue::apply_states(entry.copy->message, changes);
  if (entry.is_being_read) entry.settled.insert(entry.settled.end(), changes.begin(), changes.end());
}

void SharedMessages::forget(queue::QueueId id) {
  if (entries_ == 0) return;
  auto shared = shared_->lock();
  const auto found = shared->entries.find(id);
  if (found == shared->entries.end()) return;
  drop(*shared, found->second);
  found->second.is_outdated = true;
  if (!found->second.is_being_read) shared->entries.erase(found);
  entries_ = shared->entries.size();
}

void SharedMessages::tidy(Instant now) {
  if (entries_ == 0) return;
  auto shared = shared_->lock();
  for (auto item = shared->entries.begin(); item != shared->entries.end();) {
    Entry& entry = item->second;
    const bool is_old =
        entry.copy ? now >= entry.copy->used + kUnusedLife || now >= entry.copy->read + kLife : now >= entry.last_read + kUnusedLife;
    if (is_old && !entry.is_being_read) drop(*shared, entry);
    item = is_old && !entry.is_being_read ? shared->entries.erase(item) : std::next(item);
  }
  entries_ = shared->entries.size();
}

SharedMessages::Counters SharedMessages::counters() { return shared_->lock()->counters; }

}  // namespace mxpress::mta::delivery
