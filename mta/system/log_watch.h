// What the daemon does about a log that nobody reads, looked at once a second.
#pragma once

#include <chrono>

#include "mta/system/log.h"

namespace mxpress::mta::system {

// Whose lines wait in a log that is behind waits by himself (log_room.h), so that no line is lost. When what waited has not been written
// ten minutes later, nobody waits any more, because mail matters more than the log: from then on lines may be lost, and are counted. Tells
// systemd's status while the log is behind, which is not the log, and the log afterwards.
class LogWatch {
 public:
  static constexpr std::uint64_t kBehind = 8u << 20;  // octets that wait
  static constexpr std::chrono::seconds kPatience{600};

  // Once a second. True: the log is given up.
  bool look(const LogBacklog& backlog);

 private:
  std::chrono::seconds behind_{0};
  std::uint64_t mark_ = 0;              // once so many octets are written, all that waited at one moment is
  std::chrono::seconds since_mark_{0};  // that moment
};

}  // namespace mxpress::mta::system
