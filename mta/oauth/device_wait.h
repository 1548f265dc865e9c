// Waits until a person has authorized this host by a code. RFC 8628 3.4, 3.5.
#pragma once

#include <functional>

#include "mta/oauth/token_host.h"

namespace mxpress::mta::oauth {

// Waits between two requests.
using Pause = std::function<void(Duration)>;

// The Error has the reason: not allowed, too late, or the provider's refusal. Time is the sum of the pauses. Network failures do not end it
// (RFC 8628 3.5: the pause grows each time).
Result<Tokens> wait_for_person(const TokenHost& host, const DeviceGrant& grant, const Pause& pause);

}  // namespace mxpress::mta::oauth
