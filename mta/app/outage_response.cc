// Applies the fallback, and describes outages in the status.
#include "mta/app/outage_response.h"

#include <algorithm>
#include <string>
#include <utility>

#include "mta/config/config.h"
#include "mta/control/backend.h"
#include "mta/delivery/dispatcher.h"
#include "mta/delivery/outages.h"
#include "mta/delivery/provider_use.h"
#include "mta/events/last_hour.h"
#include "mta/events/sign_in_alarm.h"
#include "mta/routing/route.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"

namespace mxpress::mta {

void OutageResponse::use_fallback() {
  const std::lock_guard lock(reloading_);
  const auto now = config_.get();
  const bool is_out = dispatcher_.outages().is_direct_out();
  if (now->is_fallback_in_force == is_out) return;
  Config next = *now;
  next.is_fallback_in_force = is_out;
  config_.set(std::move(next));
  if (!now->route || !now->route->fallback) return;
  log(LogLine(Priority::notice, "fallback").add("way", is_out ? now->route->source : "direct"));
  dispatcher_.reconfigured();
}

bool OutageResponse::is_broken(const routing::Route& route) const {
  if (route.login && !logins_.failures().empty()) return true;
  const std::string way = route.is_direct() ? "direct" : route.source;
  const auto outages = dispatcher_.outages().status();
  return std::any_of(outages.begin(), outages.end(), [&](const auto& outage) { return outage.way == way; });
}

void OutageResponse::describe(control::DaemonStatus& status) const {
  status.outages = dispatcher_.outages().status();
  if (const auto rules = config_.get()->replies) status.providers = delivery::providers_in_use(*rules, dispatcher_.connections());
  status.refused_logins = logins_.failures();
  status.hour = hour_.counts(system::instant_now());
}

}  // namespace mxpress::mta
