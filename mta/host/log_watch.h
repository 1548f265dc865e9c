// What the daemon does about a log that nobody reads, looked at once a second.
#pragma once

#include <chrono>

#include "mta/host/log.h"

namespace mxpress::mta::host {

// A log that is behind stops intake by itself (log_wait.h). When it is full, deliveries pause, so that no line about them is lost; after
// ten minutes they go on, because mail matters more than the log: from then on lines about them may be lost, and are counted. Tells
// systemd's status while it lasts, which is not the log, and the log afterwards.
class LogWatch {
 public:
  static constexpr std::chrono::seconds kPatience{600};

  // Once a second. True: no delivery may begin.
  bool look(LogPressure pressure);

 private:
  std::chrono::seconds behind_{0}, full_{0};
};

}  // namespace mxpress::mta::host
