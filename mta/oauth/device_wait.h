// Waits until a person has let this host in, by a code. RFC 8628 3.4, 3.5.
#pragma once

#include <functional>

#include "mta/oauth/token_host.h"

namespace mxpress::mta::oauth {

// Between two questions.
using Pause = std::function<void(Duration)>;

// The Error says what has become of it: not allowed, too late, or what the provider says. Time is the sum of the pauses. Failures of the
// network do not end it (RFC 8628 3.5: the next question comes later each time).
Result<Tokens> wait_for_person(const TokenHost& host, const DeviceGrant& grant, const Pause& pause);

}  // namespace mxpress::mta::oauth
