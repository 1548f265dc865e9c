// A recipient that is not a mail address, beside valid ones: the message goes to the others, and a notice names this one (5.1.3). Programs
// submit it as a mailbox of a domain that cannot exist (RFC 2606 2), and delivery fails it without asking the DNS.
#pragma once

#include <string>
#include <string_view>

#include "proto/mailbox.h"

namespace mxpress::proto {

// "\"n/a@\"@malformed-address.invalid". `text`: any octets; cut to 200 and made printable.
Mailbox malformed_recipient(std::string_view text);
bool is_malformed_recipient(const Domain& domain);
// For people and reports: the text of a malformed recipient, else the mailbox as it is.
std::string shown_recipient(const Mailbox& mailbox);

}  // namespace mxpress::proto
