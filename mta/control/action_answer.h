// Answers requests to hold, release, retry, bounce or remove.
#pragma once

#include "mta/control/messages.h"
#include "mta/control/outlet.h"
#include "mta/control/peer.h"

namespace mxpress::mta::control {

class ControlBackend;
class VisibleMessages;

// Acts on the selected messages, in batches, sends the result for each, and an End. Blocking: waits for the log.
void answer_act(const control_pb::Request_Act& act, const ControlPeer& peer, ControlBackend& backend, ControlOutlet& outlet,
                VisibleMessages& visible);

}  // namespace mxpress::mta::control
