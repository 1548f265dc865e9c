// Replaces the author in a header: some providers require a certain address.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/mailbox.h"

namespace mxpress::proto {

// `header` (from a HeaderScanner) with this address in its one From field, where the name of a single author is kept. The former authors go
// to Reply-To unless there is such a field, or they cannot be read; further From fields and Sender are removed. Nullopt: the author is this
// one already. No line grows beyond 998 octets. Linear time. RFC 5322 3.6.2
std::optional<std::string> replace_author(std::string_view header, const Mailbox& author);

}  // namespace mxpress::proto
