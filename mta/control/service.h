// Answers control requests: selects messages, checks rights, and converts the daemon's values for the mxpress command.
#pragma once

#include "mta/control/messages.h"
#include "mta/control/outlet.h"
#include "mta/control/peer.h"
#include "proto/time.h"

namespace mxpress::mta::control {

class ControlBackend;

// Sends responses, an End last. Memory is limited: messages are loaded one by one, sent in parts, and released while the client does not
// read.
void answer_control(const control_pb::Request& request, const ControlPeer& peer, ControlBackend& backend, WallTime now,
                    ControlOutlet& outlet);
// The same for a receiver that takes everything at once.
void answer_control(const control_pb::Request& request, const ControlPeer& peer, ControlBackend& backend, WallTime now,
                    const ControlSink& sink);

}  // namespace mxpress::mta::control
