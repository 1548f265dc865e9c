// Counts connections by address.
#include "mta/transport/target_connections.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "mta/system/instant.h"
#include "mta/transport/learned_bound.h"
#include "proto/text_hash.h"

namespace mxpress::mta::transport {
namespace {

constexpr std::size_t kSpare = 5;  // a fifth of the connections

bool is_pool(const dns::Address& address) {
  const auto& bytes = address.bytes;
  return address.is_v6 && bytes[0] == kPoolPrefix && std::all_of(bytes.begin() + 1, bytes.begin() + 8, [](auto byte) { return byte == 0; });
}

// Of the connections to a pool, how many may lead to hosts that have not taken mail.
std::size_t most_unproven(std::size_t bound) { return std::max<std::size_t>(1, bound / 2); }

}  // namespace

struct TargetConnections::Connection {
  Connection(std::shared_ptr<TargetConnections> in, Entry& of, const Place& to, const Asker& by, bool proven)
      : all(std::move(in)), entry(of), place(to), asker(by), is_proven(proven) {}
  std::shared_ptr<TargetConnections> all;  // shared: sessions may be destroyed after the transports
  Entry& entry;
  Place place;            // changed under the lock by its holder alone
  Asker asker;            // owner of its current or latest mail; changed under the lock by its holder alone
  bool is_proven;         // its host has taken mail, or is of no provider; under the lock
  bool is_taken = false;  // its host has accepted it; under the lock
  std::atomic<bool> is_idle = false;
  std::atomic<Wanted> wanted = Wanted::no;
};

struct TargetConnections::Entry {
  struct Called {
    Asker asker;
    Instant until;
    bool is_proven;
  };
  using Line = fairness::OwnerLines<Asker>;
  dns::Address address;
  std::size_t limit = 1;  // as configured
  std::vector<std::unique_ptr<Connection>> open;
  std::vector<Called> called;  // a connection is reserved for each
  std::array<Line, 2> lines;   // for hosts that have not taken mail, and for those that have
  bool proven_is_next = true;  // they take turns
  std::optional<LearnedBound> learned;
  std::list<Entry*>::iterator learned_place;  // valid if it has learned a bound

  std::size_t least_spare() const { return is_pool(address) ? 1 : 0; }
  std::size_t all() const { return open.size() + called.size(); }
  std::size_t waiting() const { return lines[0].waiting() + lines[1].waiting(); }
  // `is_counted`: asks for an asker, and if his host has taken mail.
  template <class IsCounted>
  std::size_t count(IsCounted is_counted) const {
    const auto of_open = std::count_if(open.begin(), open.end(), [&](const auto& one) { return is_counted(one->asker, one->is_proven); });
    const auto of_called =
        std::count_if(called.begin(), called.end(), [&](const Called& one) { return is_counted(one.asker, one.is_proven); });
    return static_cast<std::size_t>(of_open + of_called);
  }
  std::size_t of(const fairness::Owner& owner) const {
    return count([&](const Asker& asker, bool) { return asker.owner == owner; });
  }
  std::size_t unproven() const {
    return count([](const Asker&, bool is_proven) { return !is_proven; });
  }
  std::size_t unproven_of(const fairness::Owner& owner) const {
    return count([&](const Asker& asker, bool is_proven) { return !is_proven && asker.owner == owner; });
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

bool TargetConnections::has_room(const Entry& entry, const fairness::Owner& owner, bool is_proven, Instant now) {
  const std::size_t bound = bound_of(entry, now);
  if (!may_open(bound, entry.all(), entry.of(owner), entry.least_spare())) return false;
  return is_proven || !is_pool(entry.address) || may_open(most_unproven(bound), entry.unproven(), entry.unproven_of(owner), 1);
}

bool TargetConnections::is_proven(const Place& place) const { return !place.pool || proven_.has(*place.pool, place.host); }

bool TargetConnections::has_taken_mail(const Place& place) const {
  const std::lock_guard lock(mutex_);
  return is_proven(place);
}

std::optional<TargetConnections::Hold> TargetConnections::open(const Place& place, const Asker& asker, std::size_t limit) {
  const Instant now = system::instant_now();
  const std::lock_guard lock(mutex_);
  forget_oldest(now);
  Entry& entry = entry_of(place.address);
  entry.limit = is_pool(entry.address) ? limit : std::max(entry.limit, limit);
  call_next(entry, now);  // replaces those that did not come
  entry.drop_called(asker);
  Connection* connection = nullptr;
  const bool proven = is_proven(place);
  if (has_room(entry, asker.owner, proven, now))
    connection = entry.open.emplace_back(std::make_unique<Connection>(shared_from_this(), entry, place, asker, proven)).get();
  else if (asker.caller && !is_stopping_)
    enter_line(entry, asker, proven, now);
  call_next(entry, now);
  return connection ? std::optional(Hold(connection)) : std::nullopt;
}

bool TargetConnections::must_wait(const Place& place, const Asker& asker) {
  const Instant now = system::instant_now();
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(dns::unmapped(place.address));
  if (found == entries_.end()) return false;
  Entry& entry = found->second;
  call_next(entry, now);
  const bool proven = is_proven(place);
  if (entry.is_called(asker) || has_room(entry, asker.owner, proven, now)) return false;
  if (!is_stopping_) enter_line(entry, asker, proven, now);
  return true;
}

void TargetConnections::enter_line(Entry& entry, const Asker& asker, bool is_proven, Instant now) {
  entry.lines[is_proven].enter(asker, asker.owner);
  ask_to_give_way(entry, asker, now);
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
    entry.lines = {};
    entry.called.clear();
    for (auto& connection : entry.open) connection->asker.caller = nullptr;
  }
}

TargetConnections::Use TargetConnections::use_of(const dns::Address& address) const {
  const Instant now = system::instant_now();
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(dns::unmapped(address));
  if (found == entries_.end()) return {};
  const Entry& entry = found->second;
  return {entry.open.size(), bound_of(entry, now), entry.waiting()};
}

std::size_t TargetConnections::addresses() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

// Called after every event that may free a connection, so that nobody waits although there is one.
void TargetConnections::call_next(Entry& entry, Instant now) {
  if (is_stopping_) return;
  entry.drop_called(now);
  while (entry.waiting() > 0 && (entry.all() == 0 || entry.all() < bound_of(entry, now))) {
    bool is_proven = entry.proven_is_next;
    const auto may = [&](const fairness::Owner& owner) { return has_room(entry, owner, is_proven, now); };
    auto next = entry.lines[is_proven].next(may);
    if (!next) next = entry.lines[is_proven = !is_proven].next(may);
    if (!next) return;
    entry.proven_is_next = !is_proven;
    const Asker& asker = next->item;
    entry.called.push_back({asker, now + kKept, is_proven});
    asker.caller->called(entry.address, asker.site, asker.owner);
  }
}

// Asks another site: an idle one, or the first in use. An asker who has used up his share can only use a connection of his own.
void TargetConnections::ask_to_give_way(Entry& entry, const Asker& asker, Instant now) {
  const bool has_share = entry.all() < bound_of(entry, now);
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
  const std::size_t own = entry.of(owner);
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
  if (!entry.learned || (is_pool(entry.address) && !connection_->is_proven)) return;
  entry.learned->took(now);
  connection_->all->call_next(entry, now);
}

void TargetConnections::Hold::took_mail() {
  const Place& place = connection_->place;
  if (!place.pool) return;
  const Instant now = system::instant_now();
  const std::lock_guard lock(connection_->all->mutex_);
  Entry& entry = connection_->entry;
  connection_->all->proven_.took_mail(*place.pool, place.host);
  if (connection_->is_proven) return;
  for (const auto& one : entry.open) one->is_proven = one->is_proven || one->place.host == place.host;
  connection_->all->call_next(entry, now);
}

bool TargetConnections::Hold::lead_to(const Place& to) {
  const Instant now = system::instant_now();
  TargetConnections& all = *connection_->all;
  const std::lock_guard lock(all.mutex_);
  Entry& entry = connection_->entry;
  const std::size_t bound = bound_of(entry, now);
  if (!to.is_in_pool() || to.address != entry.address || entry.all() > bound) return false;
  const bool proven = all.is_proven(to);
  const fairness::Owner& owner = connection_->asker.owner;
  const bool is_one_more = connection_->is_proven && !proven;
  if (is_one_more && !may_open(most_unproven(bound), entry.unproven(), entry.unproven_of(owner), 1)) return false;
  connection_->place = to;
  connection_->is_proven = proven;
  connection_->is_taken = false;
  connection_->is_idle = false;
  all.call_next(entry, now);
  return true;
}

// Of a pool, the bound is the number of connections that its hosts have accepted, so that it holds for further refusals of connections that
// were opened at the same time.
bool TargetConnections::Hold::was_refused() {
  const Instant now = system::instant_now();
  const std::lock_guard lock(connection_->all->mutex_);
  TargetConnections& all = *connection_->all;
  Entry& entry = connection_->entry;
  const Asker& asker = connection_->asker;
  const bool is_of_pool = is_pool(entry.address);
  const auto is_other = [&](const auto& one) { return one.get() != connection_ && (one->is_taken || !is_of_pool); };
  const auto others = static_cast<std::size_t>(std::count_if(entry.open.begin(), entry.open.end(), is_other));
  if (others == 0) return false;
  const bool is_known = is_of_pool && entry.learned && entry.learned->at(now) <= others;
  if (!is_known && is_of_pool && !all.proven_.may_teach(entry.address, connection_->place.host)) return false;
  if (!is_known) all.learn(entry, others, now);
  if (asker.caller) all.enter_line(entry, asker, connection_->is_proven, now);
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
