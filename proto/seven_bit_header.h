// A header for hosts that accept only ASCII: raw 8-bit text in it is encoded. RFC 2047, RFC 2231, RFC 6857.
#pragma once

#include <string>
#include <string_view>

namespace mxpress::proto {

// The header with 7 bits only and lines of at most 998 octets; fields without 8-bit octets keep every byte, unless they have longer lines.
//
//   Subject and all fields that are not named here   the words with 8-bit octets become encoded-words
//   From, To and other fields of addresses           display names and comments become encoded-words; a domain its A-label; an address
//                                                    that only SMTPUTF8 could carry an empty group with its text as name (RFC 6857 3.1.8),
//                                                    and so do those behind thousands of addresses whose domains were converted
//   Content-Type, Content-Disposition                parameters are encoded by RFC 2231
//
// Text that is not UTF-8 gets the character set "unknown-8bit" (RFC 1428). Linear time.
std::string seven_bit_header(std::string_view header);

}  // namespace mxpress::proto
