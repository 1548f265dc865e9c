// Answers that last: events as they happen (mxpress tail), and the dialogue of the next attempt (mxpress debug).
#pragma once

#include "mta/control/messages.h"
#include "mta/control/outlet.h"
#include "mta/control/peer.h"

namespace mxpress::mta::control {

class ControlBackend;
class VisibleMessages;

// Sends EventInfos until the client goes, or the daemon stops, and then no End. A user gets events of his own mail alone. A client that
// does not read for ten seconds is left; what he does not read in time is counted. Blocking, without a turn.
void answer_tail(const control_pb::Request_Tail& asked, const ControlPeer& peer, ControlBackend& backend, ControlOutlet& outlet);

// The same until the attempt is over. Retrying is for operators.
void answer_debug(const control_pb::Request_Debug& asked, const ControlPeer& peer, ControlBackend& backend, ControlOutlet& outlet,
                  VisibleMessages& visible);

}  // namespace mxpress::mta::control
