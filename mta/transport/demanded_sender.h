// The envelope of a message whose route demands a sender.
#pragma once

#include <optional>

#include "proto/envelope.h"

namespace mxpress::mta::transport {

// None: it leaves under its own. A notice keeps its null reverse-path, because nobody is to answer it (RFC 5321 4.5.5).
std::optional<proto::Envelope> envelope_under(const std::optional<proto::Mailbox>& sender, const proto::Envelope& own);

}  // namespace mxpress::mta::transport
