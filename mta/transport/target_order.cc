// Orders the targets of one attempt.
#include "mta/transport/target_order.h"

#include <algorithm>
#include <iterator>

#include "mta/system/instant.h"
#include "mta/transport/family_memory.h"
#include "proto/text_hash.h"

namespace mxpress::mta::transport {
namespace {

using dns::Target;
using Targets = std::vector<Target>;

// Shuffles the addresses of one host within each family.
void shuffle_addresses(Targets::iterator begin, Targets::iterator end, std::mt19937_64& random) {
  for (const bool is_v6 : {false, true}) {
    std::vector<Targets::iterator> places;
    for (auto place = begin; place != end; ++place)
      if (place->address.is_v6 == is_v6) places.push_back(place);
    for (std::size_t left = places.size(); left > 1; --left)
      std::swap(places[left - 1]->address, places[std::uniform_int_distribution<std::size_t>(0, left - 1)(random)]->address);
  }
}

// Shuffles hosts of equal preference.
void shuffle_hosts(Targets::iterator begin, Targets::iterator end, std::mt19937_64& random) {
  std::vector<Targets> hosts;
  for (auto place = begin; place != end;) {
    const auto next = std::find_if(place, end, [&](const Target& target) { return target.host != place->host; });
    shuffle_addresses(place, next, random);
    hosts.emplace_back(std::make_move_iterator(place), std::make_move_iterator(next));
    place = next;
  }
  std::shuffle(hosts.begin(), hosts.end(), random);
  for (Targets& host : hosts) begin = std::move(host.begin(), host.end(), begin);
}

void shuffle_equals(Targets& targets, std::mt19937_64& random) {
  for (auto begin = targets.begin(); begin != targets.end();) {
    const auto end = std::find_if(begin, targets.end(), [&](const Target& target) { return target.preference != begin->preference; });
    if (end - begin > 1) shuffle_hosts(begin, end, random);
    begin = end;
  }
}

void put_first(Targets& targets, Targets::iterator place) { std::rotate(targets.begin(), place, place + 1); }

// Moves the targets that match `is_meant` to the end; returns the first of them.
template <typename Condition>
Targets::iterator put_last(Targets& targets, Condition is_meant) {
  return std::stable_partition(targets.begin(), targets.end(), [&](const Target& target) { return !is_meant(target); });
}

// The result of the attempt's recipients that match `is_meant`; null without one.
template <typename Condition>
const proto::HostResult* last_result(const Attempted& attempted, Condition is_meant) {
  for (const std::uint32_t index : attempted.recipients)
    if (const auto& last = attempted.message.recipients[index].last; last && is_meant(*last)) return &*last;
  return nullptr;
}

}  // namespace

TargetFailures::Key TargetFailures::key_of(const Target& target) { return proto::TextHash()(target.host + " " + target.address_text()); }

void TargetFailures::failed(const Target& target, Instant now) {
  const Key key = key_of(target);
  const Instant until = now + kRemember;
  until_.insert_or_assign(key, until);
  entries_.push_back({key, until});
  while (until_.size() > kLimit || entries_.size() > 2 * kLimit) drop_first();
}

void TargetFailures::drop_first() {
  const auto found = until_.find(entries_.front().key);
  if (found != until_.end() && found->second == entries_.front().until) until_.erase(found);
  entries_.pop_front();
}

void TargetFailures::answered(const Target& target) {
  if (!until_.empty()) until_.erase(key_of(target));
}

bool TargetFailures::has_failed(const Target& target, Instant now) const {
  if (until_.empty()) return false;
  const auto found = until_.find(key_of(target));
  return found != until_.end() && now < found->second;
}

std::size_t order_targets(Targets& targets, const Attempted& attempted, const KnownHosts& known, std::mt19937_64& random) {
  if (targets.size() < 2) return targets.size();
  const Instant now = system::instant_now();
  shuffle_equals(targets, random);
  const auto works_over_v6 = known.families.works_over_v6(targets, now);
  const auto is_refused = [&](const Target& target) { return works_over_v6 && target.address.is_v6 != *works_over_v6; };
  const auto has_failed = [&](const Target& target) { return known.failures.has_failed(target, now); };
  auto last = targets.end();  // end of the targets without objection
  if (works_over_v6) last = put_last(targets, is_refused);
  if (!known.failures.empty()) {
    put_last(targets, has_failed);
    last = std::find_if(targets.begin(), targets.end(), [&](const Target& target) { return is_refused(target) || has_failed(target); });
  }
  const auto* deferred = last_result(attempted, [](const proto::HostResult& result) { return result.reply_code / 100 == 4; });
  if (deferred) {
    const auto same = std::find_if(targets.begin(), last, [&](const Target& target) { return target.address_text() == deferred->address; });
    if (same != last) return put_first(targets, same), 1;
  }
  if (const auto* doubtful = last_result(attempted, [](const proto::HostResult& result) { return result.maybe_delivered; })) {
    put_last(targets, [&](const Target& target) { return target.address_text() == doubtful->address; });
    last = std::min(last, put_last(targets, [&](const Target& target) { return target.host == doubtful->host; }));
  }
  const auto is_worse = [&](const Target& target) { return target.preference != targets.front().preference; };
  const auto equals = static_cast<std::size_t>(std::find_if(targets.begin(), last, is_worse) - targets.begin());
  return std::max<std::size_t>(equals, 1);
}

}  // namespace mxpress::mta::transport
