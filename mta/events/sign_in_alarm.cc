// Which providers refuse this host.
#include "mta/events/sign_in_alarm.h"

namespace mxpress::mta::events {

void SignInAlarm::take(const Event& event) {
  const auto* failed = std::get_if<SiteFailed>(&event);
  const auto* recovered = std::get_if<SiteRecovered>(&event);
  if (!failed && !recovered) return;
  const std::lock_guard lock(mutex_);
  if (recovered) reasons_.erase(std::string(recovered->hosts));
  if (!failed || failed->result.stage != proto::Stage::auth) return;
  const std::string hosts(failed->hosts);
  if (reasons_.contains(hosts) || reasons_.size() < kMost) reasons_[hosts] = failed->result.text;
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
