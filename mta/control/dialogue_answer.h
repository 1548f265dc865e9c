// Answers what was said in attempts that failed: mxpress dialogue.
#pragma once

#include "mta/control/messages.h"
#include "mta/control/outlet.h"
#include "mta/control/peer.h"
#include "proto/queue_id.h"

namespace mxpress::proto {
struct DialogueLine;
}

namespace mxpress::mta::control {

class ControlBackend;

// Sends a DialogueInfo for each attempt, the latest last, and an End. To a user mail of others is unknown, and costs the same. Blocking.
void answer_dialogue(const control_pb::Request_Dialogue& asked, const ControlPeer& peer, ControlBackend& backend, ControlOutlet& outlet);

// True if answer_dialogue() would find one. Blocking.
bool has_dialogue(proto::QueueId id, const ControlPeer& peer, ControlBackend& backend, ControlOutlet& outlet);

control_pb::DialogueLine line_info(const proto::DialogueLine& line);

}  // namespace mxpress::mta::control
