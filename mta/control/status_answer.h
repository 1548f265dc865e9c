// Answers requests for the state of the daemon, its queue and its disk.
#pragma once

#include <cstddef>

#include "mta/control/outlet.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::control {

class ControlBackend;
struct ControlPeer;

// The number of complete files of sendmail in the drop folder, up to 10,000. Blocking.
std::size_t count_dropped(const Config& config);

// Sends a StatusInfo and an End. Blocking.
void answer_status(const ControlPeer& peer, ControlBackend& backend, ControlOutlet& outlet);

}  // namespace mxpress::mta::control
