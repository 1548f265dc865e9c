// The daemon's response to outages: the fallback route, and their description in the status.
#pragma once

#include <mutex>

namespace mxpress::mta {

class CurrentConfig;
namespace control {
struct DaemonStatus;
}
namespace delivery {
class Dispatcher;
}
namespace events {
class LastHour;
class SignInAlarm;
}  // namespace events
namespace routing {
struct Route;
}

// Any thread. All references must outlive it.
class OutageResponse {
 public:
  // `reloading`: held while a configuration is put into use.
  OutageResponse(CurrentConfig& config, std::mutex& reloading, delivery::Dispatcher& dispatcher, const events::SignInAlarm& logins,
                 const events::LastHour& hour)
      : config_(config), reloading_(reloading), dispatcher_(dispatcher), logins_(logins), hour_(hour) {}

  // Enables or disables [route] with fallback, depending on whether direct delivery is out.
  void use_fallback();
  // True if mail by this route would wait.
  bool is_broken(const routing::Route& route) const;
  // Adds outages, connections to providers, refused passwords and counts of the last hour.
  void describe(control::DaemonStatus& status) const;

 private:
  CurrentConfig& config_;
  std::mutex& reloading_;
  delivery::Dispatcher& dispatcher_;
  const events::SignInAlarm& logins_;
  const events::LastHour& hour_;
};

}  // namespace mxpress::mta
