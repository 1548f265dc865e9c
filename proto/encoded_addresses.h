// The value of a field of addresses, in ASCII. RFC 2047 5, RFC 6857.
#pragma once

#include <string>
#include <string_view>

namespace mxpress::proto {

// Whether a field with this name holds addresses.
bool is_address_field(std::string_view name);

// The value with its 8-bit text encoded; everything else byte for byte. Linear time.
std::string encoded_addresses(std::string_view value);

}  // namespace mxpress::proto
