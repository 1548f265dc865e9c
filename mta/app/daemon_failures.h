// The failures of the daemon's parts, for `mxpress status`.
#pragma once

#include <string>
#include <vector>

namespace mxpress::mta {

class CurrentConfig;
namespace auth {
class LoginKeeper;
}
namespace delivery {
class Dispatcher;
}
namespace events {
class SignInAlarm;
}
namespace intake {
class RateGuard;
}

struct FailingParts {
  const CurrentConfig& config;
  const auth::LoginKeeper& logins;
  const events::SignInAlarm& sign_in_alarm;
  const intake::RateGuard& guard;
  const delivery::Dispatcher& dispatcher;
};
// A sentence for each failure, after those of the start. Any thread.
std::vector<std::string> failures_of(const FailingParts& parts, std::vector<std::string> of_start);

}  // namespace mxpress::mta
