// Mail for people of this host who read it elsewhere: [local] aliases.
#pragma once

#include "mta/config/config.h"
#include "proto/envelope.h"

namespace mxpress::mta::routing {

// A recipient of a local domain with an alias becomes the alias's address, and so on for at most 10 steps; ORCPT tells the address that was
// given (RFC 3461 4.2). Postmaster without an alias of its own goes where root goes. Others stay as they are: delivery writes to the
// Maildir what is local.
void resolve_alias(const Config& config, proto::Recipient& recipient);
// Resolves all of them. A mailbox that is named twice, or that two aliases lead to, stays once, in its first place, with the notices that
// either asks for (RFC 3461 4.1).
void resolve_aliases(const Config& config, std::vector<proto::Recipient>& recipients);

// The address that was given, where ORCPT tells another one than the mailbox; else empty. Any octets: clean it before showing it.
std::string original_address(const proto::Recipient& recipient);

}  // namespace mxpress::mta::routing
