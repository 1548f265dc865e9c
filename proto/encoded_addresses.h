// The value of a field of addresses, in ASCII. RFC 2047 5, RFC 6857.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mxpress::proto {

// True if a field with this name holds addresses.
bool is_address_field(std::string_view name);

// The value with its 8-bit text encoded; everything else byte for byte. Linear time. Domains become A-labels while the octets outside ASCII
// in their addresses fit into `convertible`, from which they are subtracted; further addresses become names of empty groups.
std::string encoded_addresses(std::string_view value, std::size_t& convertible);

}  // namespace mxpress::proto
