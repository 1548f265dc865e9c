// Answers control requests: selects, checks who may do what, and turns the daemon's values into what the mxpress command is told.
#pragma once

#include "mta/control/messages.h"
#include "mta/control/outlet.h"
#include "mta/control/peer.h"
#include "proto/time.h"

namespace mxpress::mta::control {

class ControlBackend;

// Sends responses, an End last. Memory is bounded: messages are loaded one by one, told in pieces, and let go while the client does not
// read.
void answer_control(const control_pb::Request& request, const ControlPeer& peer, ControlBackend& backend, WallTime now,
                    ControlOutlet& outlet);
// The same for somebody who takes everything at once.
void answer_control(const control_pb::Request& request, const ControlPeer& peer, ControlBackend& backend, WallTime now,
                    const ControlSink& sink);

}  // namespace mxpress::mta::control
