// The listening sockets that systemd has opened for this process, as in sd_listen_fds_with_names(3).
#pragma once

#include <string>
#include <vector>

#include "mta/system/descriptor.h"

namespace mxpress::mta::system {

struct PassedSocket {
  std::string name;  // FileDescriptorName= of the socket unit, else the unit's name
  Descriptor socket;
};

using PassedSockets = std::vector<PassedSocket>;

// Uses LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, and removes them from the environment; none if they are not for this process. The sockets
// have the descriptors from 3 on, and become non-blocking and close-on-exec. Call it once, before the second thread.
PassedSockets take_passed_sockets();

}  // namespace mxpress::mta::system
