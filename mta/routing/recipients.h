// Changes the recipients of a message by the configuration: always_bcc, redirect; and decides if it is held: "hold".
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

// Call it after the aliases. Adds the archive as a recipient, unless it is one already; nobody is notified if it cannot get the message.
void add_always_bcc(const Config& config, std::vector<proto::Recipient>& recipients);

// With [redirect] one recipient replaces all whose mail would leave this host; those of local domains stay. Returns a header field with
// CRLF that names them, for the front of the message; empty: nothing has changed.
std::string redirect_recipients(const Config& config, std::vector<proto::Recipient>& recipients);

// The configured reason why a message to these recipients is held: for Envelope::held_because. Empty: it is not held.
std::string hold_reason(const Config& config, const proto::Envelope& envelope);

}  // namespace mxpress::mta::routing
