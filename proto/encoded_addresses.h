// The value of a field of addresses, in ASCII. RFC 2047 5, RFC 6857.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mxpress::proto {

// Whether a field with this name holds addresses.
bool is_address_field(std::string_view name);

// The value with its 8-bit text encoded; everything else byte for byte. Linear time. Domains become A-labels as long as their addresses
// have no more than `convertible` octets outside ASCII, which becomes less by them; further addresses are shown as names of empty groups.
std::string encoded_addresses(std::string_view value, std::size_t& convertible);

}  // namespace mxpress::proto
