// The listening sockets that systemd has opened for this process, as sd_listen_fds_with_names(3) has them.
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

// By LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, which go from the environment; none if they are not for this process. The sockets have the
// descriptors from 3 on, and are set to be non-blocking and closed on exec. Before the second thread, once.
PassedSockets take_passed_sockets();

}  // namespace mxpress::mta::system
