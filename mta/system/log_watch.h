// The daemon's reaction to a log that is not read; checked once a second.
#pragma once

#include <chrono>

#include "mta/system/log.h"

namespace mxpress::mta::system {

// While the log is behind, an owner with waiting lines waits by himself (log_room.h), so that no line is lost. If the waiting lines have
// not been written ten minutes later, nobody waits any more, because mail matters more than the log: from then on lines may be lost, and
// are counted. Reports by systemd's status while the log is behind, and by the log afterwards.
class LogWatch {
 public:
  static constexpr std::uint64_t kBehind = 8u << 20;  // waiting octets
  static constexpr std::chrono::seconds kPatience{600};

  // Call it once a second. True: the log is given up.
  bool look(const LogBacklog& backlog);

 private:
  std::chrono::seconds behind_{0};
  std::uint64_t mark_ = 0;              // once this many octets are written, everything that waited at the mark is
  std::chrono::seconds since_mark_{0};  // since the mark
};

}  // namespace mxpress::mta::system
