// What this host's users are called in the mail that they send: sender_domain, [local] senders.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/mailbox.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::routing {

// The address that stands for this one outside; nothing where it stays: it is of another domain, or nothing is configured.
std::optional<proto::Mailbox> outside_sender(const Config& config, const proto::Mailbox& mailbox);
// The same for an address as a header has it, which may lack its domain.
std::optional<std::string> outside_author(const Config& config, std::string_view address);
// Whether any address may change.
bool renames_senders(const Config& config);

}  // namespace mxpress::mta::routing
