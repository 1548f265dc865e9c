// The selector language of the mxpress command, applied to messages.
#pragma once

#include "mta/host/control_messages.h"
#include "queue/message.h"

namespace mxpress::mta::host {

// Why a selector makes no sense (malformed id or address, nothing given); empty if it does.
std::string selector_mistake(const control_pb::Selector& selector);
bool matches(const control_pb::Selector& selector, const queue::Message& message, WallTime now);

}  // namespace mxpress::mta::host
