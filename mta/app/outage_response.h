// The daemon's response to outages: the fallback route, and what status shows.
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

// Any thread. All outlive it.
class OutageResponse {
 public:
  // `reloading`: held by whoever puts a configuration in force.
  OutageResponse(CurrentConfig& config, std::mutex& reloading, delivery::Dispatcher& dispatcher, const events::SignInAlarm& logins,
                 const events::LastHour& hour)
      : config_(config), reloading_(reloading), dispatcher_(dispatcher), logins_(logins), hour_(hour) {}

  // Puts [route] with fallback in force, or out of it, as direct delivery is out or not.
  void use_fallback();
  // Mail by this way would wait.
  bool is_broken(const routing::Route& route) const;
  // Adds what is known of outages, refused passwords and the last hour.
  void describe(control::DaemonStatus& status) const;

 private:
  CurrentConfig& config_;
  std::mutex& reloading_;
  delivery::Dispatcher& dispatcher_;
  const events::SignInAlarm& logins_;
  const events::LastHour& hour_;
};

}  // namespace mxpress::mta
