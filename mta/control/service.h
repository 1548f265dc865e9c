// Answers control requests: selects, checks who may do what, and turns the daemon's values into what the mxpress command is told.
#pragma once

#include <sys/types.h>

#include "mta/config/config.h"
#include "mta/control/backend.h"
#include "mta/control/messages.h"
#include "mta/control/outlet.h"

namespace mxpress::mta::control {

// Complete files of sendmail that wait in the drop folder, up to 10,000. Blocking.
std::size_t count_dropped(const Config& config);

// Who asks, in the words of the kernel.
struct ControlPeer {
  uid_t uid = 0;
  bool may_do_everything = false;  // root, the daemon's own user, members of the group mxpress; others: only their own mail
  bool is_root = false;            // or the daemon's own user
};

// Sends responses, an End last. Memory is bounded: messages are loaded one by one, told in pieces, and let go while the client does not
// read.
void answer_control(const control_pb::Request& request, const ControlPeer& peer, ControlBackend& backend, WallTime now,
                    ControlOutlet& outlet);
// The same for somebody who takes everything at once.
void answer_control(const control_pb::Request& request, const ControlPeer& peer, ControlBackend& backend, WallTime now,
                    const ControlSink& sink);

}  // namespace mxpress::mta::control
