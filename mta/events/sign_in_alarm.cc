// Remembers the providers that refuse this host.
#include "mta/events/sign_in_alarm.h"

#include "proto/explanation.h"
#include "proto/sign_in_cause.h"

namespace mxpress::mta::events {
namespace {

// The provider's words, with ours if those contain no action to take.
std::string reason_of(const proto::HostResult& result) {
  if (proto::sign_in_cause_of(result.text) == proto::SignInCause::unknown) return result.text;
  const proto::Explanation explanation = proto::explain(result);
  return result.text + ". " + explanation.words + " " + std::string(explanation.hint);
}

}  // namespace

void SignInAlarm::take(const Event& event) {
  const auto* failed = std::get_if<SiteFailed>(&event);
  const auto* recovered = std::get_if<SiteRecovered>(&event);
  if (!failed && !recovered) return;
  const std::lock_guard lock(mutex_);
  if (recovered) reasons_.erase(std::string(recovered->hosts));
  if (!failed || failed->result.stage != proto::Stage::auth) return;
  const std::string hosts(failed->hosts);
  if (reasons_.contains(hosts) || reasons_.size() < kMost) reasons_[hosts] = reason_of(failed->result);
}

std::vector<std::string> SignInAlarm::failures() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [hosts, reason] : reasons_) all.push_back("cannot sign in at " + hosts + ", so its mail waits: " + reason);
  return all;
}

void SignInAlarm::clear() {
  const std::lock_guard lock(mutex_);
  reasons_.clear();
}

}  // namespace mxpress::mta::events
