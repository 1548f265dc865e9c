// Counts connections by address.
#include "mta/transport/target_connections.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "mta/system/instant.h"
#include "proto/text_hash.h"

namespace mxpress::mta::transport {
namespace {

constexpr std::size_t kSpare = 5;  // a fifth of the connections

bool is_pool(const dns::Address& address) {
  const auto& bytes = address.bytes;
  return address.is_v6 && bytes[0] == kPoolPrefix && std::all_of(bytes.begin() + 1, bytes.begin() + 8, [](auto byte) { return byte == 0; });
}

}  // namespace

struct TargetConnections::Connection {
  Connection(std::shared_ptr<TargetConnections> in, Entry& of, const Asker& by, Instant now)
      : all(std::move(in)), entry(of), asker(by), opened(now) {}
  std::shared_ptr<TargetConnections> all;  // shared: sessions may be destroyed after the transports
  Entry& entry;
  Asker asker;  // owner of its current or latest mail; changed under the lock by its holder alone
  const Instant opened;
  bool is_taken = false;  // the host has accepted it; under the lock
  std::atomic<bool> is_idle = false;
  std::atomic<Wanted> wanted = Wanted::no;
};

struct TargetConnections::Entry {
  struct Called {
    Asker asker;
    Instant until;
  };
  dns::Address address;
  std::size_t limit = 1;  // as configured
  std::vector<std::unique_ptr<Connection>> open;
  std::vector<Called> called;  // a connection is reserved for each
  fairness::OwnerLines<Asker> line;
  std::optional<LearnedBound> learned;
  std::list<Entry*>::iterator learned_place;  // valid if it has learned a bound

  std::size_t least_spare() const { return is_pool(address) ? 1 : 0; }
  bool counts(const Connection& one, Instant now) const { return !is_pool(address) || one.is_taken || now - one.opened < kOpening; }
  std::size_t all(Instant now) const {
    const auto counted = std::count_if(open.begin(), open.end(), [&](const auto& connection) { return counts(*connection, now); });
    return static_cast<std::size_t>(counted) + called.size();
  }
  std::size_t of(const fairness::Owner& owner, Instant now) const {
    const auto is_his = [&owner](const auto& one) { return one.asker.owner == owner; };
    const auto his_open =
        std::count_if(open.begin(), open.end(), [&](const auto& connection) { return counts(*connection, now) && is_his(*connection); });
    return static_cast<std::size_t>(his_open + std::count_if(called.begin(), called.end(), is_his));
  }
  void drop_called(Instant now) {
    std::erase_if(called, [now](const Called& one) { return one.until <= now; });
  }
  bool is_called(const Asker& asker) const {
    return std::any_of(called.begin(), called.end(), [&asker](const Called& one) { return one.asker == asker; });
  }
  bool drop_called(const Asker& asker) {
    return std::erase_if(called, [&asker](const Called& one) { return one.asker == asker; }) > 0;
  }
};

bool may_open(std::size_t bound, std::size_t all, std::size_t own, std::size_t least_spare) {
  if (all == 0) return true;
  if (all >= bound) return false;
  const std::size_t free = bound - all - 1;  // after this one
  return own == 0 || free >= std::max(bound / kSpare, least_spare) || own + 1 <= free;
}

std::size_t TargetConnections::Hash::operator()(const dns::Address& address) const {
  return proto::TextHash()(std::string_view(reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()));
}

TargetConnections::TargetConnections() = default;
TargetConnections::~TargetConnections() = default;

TargetConnections::Entry& TargetConnections::entry_of(const dns::Address& address) {
  const auto [found, is_new] = entries_.try_emplace(dns::unmapped(address));
  if (is_new) found->second.address = found->first;
  return found->second;
}

std::size_t TargetConnections::bound_of(const Entry& entry, Instant now) {
  return entry.learned ? std::min(entry.limit, entry.learned->at(now)) : entry.limit;
}

bool TargetConnections::has_room(const Entry& entry, const fairness::Owner& owner, Instant now) {
  return may_open(bound_of(entry, now), entry.all(now), entry.of(owner, now), entry.least_spare());
}

std::optional<TargetConnections::Hold> TargetConnections::open(const dns::Address& address, const Asker& asker, std::size_t limit) {
  const Instant now = system::instant_now();
  const std::lock_guard lock(mutex_);
  forget_oldest(now);
  Entry& entry = entry_of(address);
  entry.limit = std::max(entry.limit, limit);
  call_next(entry, now);  // replaces those that did not come
  entry.drop_called(asker);
  Connection* connection = nullptr;
  if (has_room(entry, asker.owner, now)) {
    connection = entry.open.emplace_back(std::make_unique<Connection>(shared_from_this(), entry, asker, now)).get();
  } else if (asker.caller && !is_stopping_) {
    entry.line.enter(asker, asker.owner);
    ask_to_give_way(entry, asker, now);
  }
  call_next(entry, now);
  return connection ? std::optional(Hold(connection)) : std::nullopt;
}

bool TargetConnections::must_wait(const dns::Address& address, const Asker& asker) {
  const Instant now = system::instant_now();
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(dns::unmapped(address));
  if (found == entries_.end()) return false;
  Entry& entry = found->second;
  call_next(entry, now);
  if (entry.is_called(asker) || has_room(entry, asker.owner, now)) return false;
  if (is_stopping_) return true;
  entry.line.enter(asker, asker.owner);
  ask_to_give_way(entry, asker, now);
  return true;
}

void TargetConnections::decline(const dns::Address& address, const Asker& asker) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(dns::unmapped(address));
  if (found == entries_.end() || !found->second.drop_called(asker)) return;
  call_next(found->second, system::instant_now());
  forget_if_unused(found->second);
}

void TargetConnections::stop() {
  const std::lock_guard lock(mutex_);
  is_stopping_ = true;
  for (auto& [address, entry] : entries_) {
    entry.line = {};
    entry.called.clear();
    for (auto& connection : entry.open) connection->asker.caller = nullptr;
  }
}

std::size_t TargetConnections::open_to(const dns::Address& address) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(dns::unmapped(address));
  return found == entries_.end() ? 0 : found->second.open.size();
}

std::size_t TargetConnections::addresses() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

// Called after every event that may free a connection, so that nobody waits although there is one.
void TargetConnections::call_next(Entry& entry, Instant now) {
  if (is_stopping_) return;
  entry.drop_called(now);
  while (entry.line.waiting() > 0 && (entry.all(now) == 0 || entry.all(now) < bound_of(entry, now))) {
    const auto next = entry.line.next([&](const fairness::Owner& owner) { return has_room(entry, owner, now); });
    if (!next) return;
    const Asker& asker = next->item;
    entry.called.push_back({asker, now + kKept});
    asker.caller->called(entry.address, asker.site, asker.owner);
  }
}

// Asks another site: an idle one, or the first in use. An asker who has used up his share can only use a connection of his own.
void TargetConnections::ask_to_give_way(Entry& entry, const Asker& asker, Instant now) {
  const bool has_share = entry.all(now) < bound_of(entry, now);
  Connection* best = nullptr;
  for (const auto& connection : entry.open) {
    const Asker& holder = connection->asker;
    const bool is_same_site = holder.caller == asker.caller && holder.site == asker.site;
    const Wanted by = holder.owner == asker.owner ? Wanted::by_same_owner : Wanted::by_another_owner;
    if (is_same_site || connection->wanted >= by || (has_share && by == Wanted::by_another_owner)) continue;
    if (!best || (connection->is_idle && !best->is_idle)) best = connection.get();
  }
  if (!best) return;
  best->wanted = best->asker.owner == asker.owner ? Wanted::by_same_owner : Wanted::by_another_owner;
  if (best->is_idle && best->asker.caller) best->asker.caller->give_way();
}

void TargetConnections::learn(Entry& entry, std::size_t others, Instant now) {
  forget_learned(entry);
  entry.learned = LearnedBound(others, now);
  entry.learned_place = learned_.insert(learned_.end(), &entry);
  if (learned_.size() > kMostLearned) {
    Entry& oldest = *learned_.front();
    forget_learned(oldest);
    forget_if_unused(oldest);
  }
}

void TargetConnections::forget_learned(Entry& entry) {
  if (!entry.learned) return;
  learned_.erase(entry.learned_place);
  entry.learned.reset();
}

void TargetConnections::forget_oldest(Instant now) {
  while (!learned_.empty() && learned_.front()->learned->is_forgotten(now)) {
    Entry& oldest = *learned_.front();
    forget_learned(oldest);
    forget_if_unused(oldest);
  }
}

void TargetConnections::forget_if_unused(Entry& entry) {
  if (entry.open.empty() && entry.called.empty() && !entry.learned) entries_.erase(dns::Address(entry.address));
}

// The number of connections does not change: he may have all except those that a single owner must leave free.
bool TargetConnections::Hold::use_for(const fairness::Owner& owner) {
  connection_->is_idle = false;
  if (connection_->asker.owner == owner) return true;
  const Instant now = system::instant_now();
  const std::lock_guard lock(connection_->all->mutex_);
  Entry& entry = connection_->entry;
  const std::size_t bound = bound_of(entry, now);
  const std::size_t own = entry.of(owner, now);
  if (own > 0 && own + 1 + std::max(bound / kSpare, entry.least_spare()) > bound) return false;
  connection_->asker.owner = owner;
  connection_->all->call_next(entry, now);
  return true;
}

void TargetConnections::Hold::rest() { connection_->is_idle = true; }

TargetConnections::Wanted TargetConnections::Hold::wanted() const { return connection_->wanted; }

void TargetConnections::Hold::was_taken() {
  const Instant now = system::instant_now();
  const std::lock_guard lock(connection_->all->mutex_);
  Entry& entry = connection_->entry;
  connection_->is_taken = true;
  if (!entry.learned) return;
  entry.learned->took(now);
  connection_->all->call_next(entry, now);
}

bool TargetConnections::Hold::was_refused() {
  const std::lock_guard lock(connection_->all->mutex_);
  Entry& entry = connection_->entry;
  const Asker& asker = connection_->asker;
  const std::size_t others = entry.open.size() - 1;
  if (others == 0) return false;
  const Instant now = system::instant_now();
  connection_->all->learn(entry, others, now);
  if (!asker.caller) return true;
  entry.line.enter(asker, asker.owner);
  connection_->all->ask_to_give_way(entry, asker, now);
  return true;
}

void TargetConnections::Hold::release() {
  const std::shared_ptr<TargetConnections> all = connection_->all;
  const std::lock_guard lock(all->mutex_);
  Entry& entry = connection_->entry;
  std::erase_if(entry.open, [this](const auto& one) { return one.get() == connection_; });
  all->call_next(entry, system::instant_now());
  all->forget_if_unused(entry);
}

}  // namespace mxpress::mta::transport
