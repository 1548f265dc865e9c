// Counts sessions.
#include "mta/tlsrpt/ledger.h"

#include <cstdio>

namespace mxpress::mta::tlsrpt {
namespace {

constexpr std::size_t kOverhead = 128;  // octets of an entry besides its texts

std::size_t octets_of(const Policy& policy) {
  std::size_t octets = kOverhead + policy.domain.size();
  for (const auto* list : {&policy.lines, &policy.mx})
    for (const std::string& text : *list) octets += sizeof text + text.size();
  return octets;
}

std::size_t octets_of(const Failure& failure) {
  return kOverhead + sizeof failure + failure.sending_address.size() + failure.host.size() + failure.host_name.size() +
         failure.address.size() + failure.reason.size();
}

std::size_t octets_of(const DomainDay& day) {
  std::size_t octets = kOverhead + sizeof day + day.domain.size();
  for (const auto& [policy, counts] : day.policies) {
    octets += octets_of(policy);
    for (const auto& [failure, count] : counts.failures) octets += octets_of(failure);
  }
  for (const std::string& uri : day.sending.pending) octets += sizeof uri + uri.size();
  return octets;
}

// Null: there is no room for another policy.
PolicyCounts* counts_of(DomainDay& day, const Policy& policy) {
  const auto known = day.policies.find(policy);
  if (known != day.policies.end()) return &known->second;
  const std::size_t octets = octets_of(policy);
  if (day.policies.size() >= Ledger::kMostPolicies || day.octets + octets > Ledger::kMostOctetsOfDay) return nullptr;
  day.octets += octets;
  return &day.policies[policy];
}

// The type alone has room always: there are few.
void add_failure(DomainDay& day, PolicyCounts& counts, const Failure& failure) {
  const auto known = counts.failures.find(failure);
  if (known != counts.failures.end()) return static_cast<void>(++known->second);
  const bool has_room = counts.failures.size() < Ledger::kMostFailures && day.octets + octets_of(failure) <= Ledger::kMostOctetsOfDay;
  const Failure kept = has_room ? failure : Failure{.type = failure.type};
  const auto [entry, is_new] = counts.failures.try_emplace(kept);
  if (is_new) day.octets += octets_of(kept);
  ++entry->second;
}

}  // namespace

std::string to_string(Day day) {
  const std::chrono::year_month_day date(day);
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

WallTime DomainDay::due() const {
  const WallTime first = WallTime(day) + std::chrono::days(1) + sending.delay;
  return std::max(first, sending.next_try);
}

Ledger::Added Ledger::add(const Session& session, Day day, std::chrono::seconds delay) {
  const Key key{day, session.domain};
  auto found = days_.find(key);
  const bool is_first = found == days_.end();
  if (is_first && (days_.size() >= kMostDays || octets_ + octets_of(session.policy) + kOverhead > kMostOctets)) return Added::no_room;
  if (is_first) {
    insert({.day = day, .domain = session.domain, .sending = {.delay = delay}});
    found = days_.find(key);
  }
  DomainDay& entry = found->second;
  const std::size_t before = entry.octets;
  PolicyCounts* const counts =
      octets_ > kMostOctets && !entry.policies.contains(session.policy) ? nullptr : counts_of(entry, session.policy);
  if (!counts) return Added::no_room;
  ++(session.failure ? counts->failed : counts->succeeded);
  if (session.failure) add_failure(entry, *counts, octets_ > kMostOctets ? Failure{.type = session.failure->type} : *session.failure);
  octets_ += entry.octets - before;
  return is_first ? Added::first : Added::yes;
}

const DomainDay* Ledger::find(const Key& key) const {
  const auto found = days_.find(key);
  return found == days_.end() ? nullptr : &found->second;
}

void Ledger::set_sending(const Key& key, Sending sending) {
  const auto found = days_.find(key);
  if (found == days_.end()) return;
  octets_ -= found->second.octets;
  found->second.sending = std::move(sending);
  found->second.octets = octets_of(found->second);
  octets_ += found->second.octets;
}

void Ledger::erase(const Key& key) {
  const auto found = days_.find(key);
  if (found == days_.end()) return;
  octets_ -= found->second.octets;
  days_.erase(found);
}

std::vector<Ledger::Key> Ledger::due(WallTime now) const {
  std::vector<Key> keys;
  for (const auto& [key, day] : days_)
    if (day.due() <= now) keys.push_back(key);
  return keys;
}

std::size_t Ledger::forget_outside(Day first, Day last) {
  std::vector<Key> outside;
  for (const auto& [key, day] : days_)
    if (day.day < first || day.day > last) outside.push_back(key);
  for (const Key& key : outside) erase(key);
  return outside.size();
}

void Ledger::clear() {
  days_.clear();
  octets_ = 0;
}

void Ledger::insert(DomainDay day) {
  day.octets = octets_of(day);
  octets_ += day.octets;
  Key key{day.day, day.domain};
  days_.insert_or_assign(std::move(key), std::move(day));
}

}  // namespace mxpress::mta::tlsrpt
