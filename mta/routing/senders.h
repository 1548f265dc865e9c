// The external addresses of this host's users in the mail that they send: sender_domain, [local] senders.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/mailbox.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::routing {

// The external address for this one; nullopt to keep it: it is of another domain, or nothing is configured.
std::optional<proto::Mailbox> outside_sender(const Config& config, const proto::Mailbox& mailbox);
// The same for an address in a header, which may lack its domain.
std::optional<std::string> outside_author(const Config& config, std::string_view address);
// True if any address may change.
bool renames_senders(const Config& config);

}  // namespace mxpress::mta::routing
