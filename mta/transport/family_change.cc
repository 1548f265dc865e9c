// Decides about the change of address family.
#include "mta/transport/family_change.h"

#include <algorithm>

#include "dns/target.h"
#include "mta/replies/rule_set.h"
#include "mta/transport/report.h"

namespace mxpress::mta::transport {

using proto::Outcome;

bool FamilyChange::is_cause(const proto::HostResult& result) const {
  if (result.reply_code < 400 || result.maybe_delivered) return false;
  const auto match = rules_->match(result);
  return match && match->rule->tries_other_family;
}

bool FamilyChange::consider(const dns::Target& target, std::span<dns::Target> rest, AttemptReport& report) {
  if (!rules_ || has_begun()) return false;
  const auto is_other = [&](const dns::Target& one) { return one.address.is_v6 != target.address.is_v6; };
  if (std::none_of(rest.begin(), rest.end(), is_other)) return false;
  reopen(target, report);
  const auto& hosts = report.attempt.hosts;
  if (!has_begun() && !hosts.empty() && hosts.back().result.address == target.address_text() && is_cause(hosts.back().result))
    refusal_ = hosts.back().result;
  if (!has_begun()) return false;
  from_v6_ = target.address.is_v6;
  note_refusal(report.attempt);
  hosts_before_ = hosts.size();
  std::stable_partition(rest.begin(), rest.end(), is_other);
  return true;
}

// The history has the last result of a transaction; other recipients may have been accepted in the same one.
void FamilyChange::note_refusal(queue::Attempt& attempt) const {
  if (attempt.hosts.empty() || attempt.hosts.back().result == *refusal_) return;
  proto::HostAttempt refusal = attempt.hosts.back();
  refusal.result = *refusal_;
  attempt.hosts.push_back(std::move(refusal));
}

void FamilyChange::reopen(const dns::Target& target, AttemptReport& report) {
  const std::string address = target.address_text();
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    proto::RecipientResult& result = report.results[i];
    const bool is_refused = result.outcome == Outcome::failed || result.outcome == Outcome::deferred;
    if (!is_refused || result.last.address != address || !is_cause(result.last)) continue;
    if (!refusal_) refusal_ = result.last;
    refused_.emplace_back(i, result);
    result.outcome = Outcome::untried;
  }
}

bool FamilyChange::leaves_out(const dns::Target& target) const { return !refused_.empty() && target.address.is_v6 == from_v6_; }

void FamilyChange::restore(AttemptReport& report) {
  for (auto& [index, first] : refused_)
    if (report.results[index].outcome == Outcome::untried) report.results[index] = std::move(first);
}

FamilyChange::End FamilyChange::end(const AttemptReport& report) const {
  const auto is_other = [this](const proto::HostResult& result) { return result.address.starts_with('[') != from_v6_; };
  const auto is_accepted = [&](const auto& one) { return one.outcome == Outcome::delivered && is_other(one.last); };
  if (std::any_of(report.results.begin(), report.results.end(), is_accepted)) return End::accepted;
  const auto& hosts = report.attempt.hosts;
  End end = End::none;
  for (std::size_t i = hosts_before_; i < hosts.size(); ++i) {
    if (!is_other(hosts[i].result)) continue;
    if (hosts[i].result.reply_code != 0) return End::not_accepted;
    end = End::not_reached;
  }
  return end;
}

std::string_view to_string(FamilyChange::End end) {
  switch (end) {
    case FamilyChange::End::accepted:
      return "accepted";
    case FamilyChange::End::not_accepted:
      return "not accepted";
    case FamilyChange::End::not_reached:
      return "no connection";
    case FamilyChange::End::none:
      break;
  }
  return "not tried";
}

}  // namespace mxpress::mta::transport
