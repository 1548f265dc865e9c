// The command lines of a transaction, with exactly the parameters that the host offers. RFC 5321 4.1.1.2, 4.1.1.3.
#pragma once

#include <cstdint>
#include <string>

#include "proto/envelope.h"
#include "proto/extensions.h"

namespace mxpress::mta::smtp {

// Each adds one line with its CRLF. `size`: of the content as it is sent, for SIZE (RFC 1870 6).
void append_mail(const proto::Envelope& envelope, std::uint64_t size, proto::BodyType body, const proto::Extensions& extensions,
                 std::string& line);
void append_rcpt(const proto::Recipient& recipient, const proto::Extensions& extensions, std::string& line);

}  // namespace mxpress::mta::smtp
