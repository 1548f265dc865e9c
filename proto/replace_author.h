// The header of a message that goes out under another author: the one whom a provider demands.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/mailbox.h"

namespace mxpress::proto {

// `header` (of a HeaderScanner) with this address in its one From field, where the name of a single author stays. The former authors stand
// in Reply-To unless there is such a field, or they cannot be read; further From fields and Sender go. Nothing: the author is this one
// already. No line becomes longer than 998 octets that was not. Linear time. RFC 5322 3.6.2
std::optional<std::string> replace_author(std::string_view header, const Mailbox& author);

}  // namespace mxpress::proto
