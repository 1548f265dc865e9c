// The command lines of a transaction, with exactly the parameters that the host offers. RFC 5321 4.1.1.2, 4.1.1.3.
#pragma once

#include <cstdint>
#include <string>

#include "proto/envelope.h"
#include "proto/extensions.h"

namespace mxpress::mta::smtp {

// `size`: of the content as it is sent, for SIZE (RFC 1870 6).
std::string mail_command(const proto::Envelope& envelope, std::uint64_t size, proto::BodyType body, const proto::Extensions& extensions);
std::string rcpt_command(const proto::Recipient& recipient, const proto::Extensions& extensions);

}  // namespace mxpress::mta::smtp
