// Changing the transfer encoding of a message so that it may travel: lines of at most 998 octets, or 7 bits only. RFC 2045, RFC 6152 3.
#pragma once

#include <string>
#include <string_view>

#include "proto/result.h"

namespace mxpress::proto {

// The rule for lines over 998 octets (RFC 5321 4.5.3.1.6): a leaf part with such a line is encoded as quoted-printable, or as base64 where
// it declares the binary encoding; MIME-Version and Content-Transfer-Encoding are set where needed; header lines are folded at white space.
// Parts without such lines keep every byte; base64 in one endless line is only broken into lines. A DKIM signature that covers what is
// changed no longer verifies: delivery is worth more. A permanent Error (5.6.0) where that cannot be done without breaking the message: a
// part that is already encoded, a signed or encrypted part, a header line without white space to fold at, parts nested too deeply.
Result<std::string> reencode_for_transport(std::string_view content);

// The same for 8-bit content and a server without 8BITMIME: leaf parts with 8-bit octets are encoded; 8-bit in header fields, which no
// encoding can help without understanding them, is a permanent Error (5.6.3), and so is what breaks signatures.
Result<std::string> downgrade_to_seven_bit(std::string_view content);

}  // namespace mxpress::proto
