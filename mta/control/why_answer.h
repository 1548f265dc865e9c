// Answers why a message is where it is: from the queue, and from the history on the disk.
#pragma once

#include "mta/control/messages.h"
#include "mta/control/outlet.h"
#include "mta/control/peer.h"
#include "proto/time.h"

namespace mxpress::mta::control {

class ControlBackend;
class VisibleMessages;

struct WhyParts {
  const ControlPeer& peer;
  ControlBackend& backend;
  VisibleMessages& visible;
  WallTime now;
};

// Sends a WhyInfo for each message found, the latest first and in full, and an End. To a user mail of others is unknown, and costs the
// same. Blocking.
void answer_why(const control_pb::Request_Why& why, const WhyParts& parts, ControlOutlet& outlet);

}  // namespace mxpress::mta::control
