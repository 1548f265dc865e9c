// Reports the state of the service to systemd (Type=notify): sd_notify(3) as one datagram, without libsystemd. No effect without systemd.
#pragma once

#include <string_view>

namespace mxpress::mta::system {

// Any thread; never blocks. `status` is one line for `systemctl status`.
void notify_ready(std::string_view status);  // every listener is open; again after a reload
void notify_status(std::string_view status);
void notify_reloading();
void notify_stopping(std::string_view status);
void notify_watchdog();  // "still alive", for WatchdogSec=

}  // namespace mxpress::mta::system
