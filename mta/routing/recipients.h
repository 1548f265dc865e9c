// Who gets a message besides, or instead of, those whom it was handed in for: always_bcc, redirect; and whether it waits: "hold".
#pragma once

#include <string>
#include <vector>

namespace mxpress::proto {
struct Envelope;
struct Recipient;
}  // namespace mxpress::proto

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::routing {

// Behind aliases. The archive is one more recipient, unless it is one already; nobody hears if it cannot get the message.
void add_always_bcc(const Config& config, std::vector<proto::Recipient>& recipients);

// With [redirect] one recipient stands for all whose mail would leave this host; those of local domains stay. Returns a header field with
// CRLF that names them, for the front of the message; empty: nothing has changed.
std::string redirect_recipients(const Config& config, std::vector<proto::Recipient>& recipients);

// Why a message to these recipients waits for an operator, by the configuration: for Envelope::held_because. Empty: it does not.
std::string hold_reason(const Config& config, const proto::Envelope& envelope);

}  // namespace mxpress::mta::routing
