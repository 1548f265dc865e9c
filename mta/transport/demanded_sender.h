// The envelope of a message whose route requires a certain sender.
#pragma once

#include <optional>

#include "proto/envelope.h"

namespace mxpress::mta::transport {

// Nullopt: the envelope is not changed. A notice keeps its null reverse-path, so that nobody answers it (RFC 5321 4.5.5).
std::optional<proto::Envelope> envelope_under(const std::optional<proto::Mailbox>& sender, const proto::Envelope& own);

}  // namespace mxpress::mta::transport
