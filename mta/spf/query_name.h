// Names from SPF records as names that the DNS can be asked for. RFC 7208 7.3. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mxpress::mta::spf {

// As dns::Question wants it: lower case, no trailing dot, odd octets as \DDD. A name over 253 octets loses labels from the left.
// Nullopt: no name, an empty label, or one over 63 octets.
std::optional<std::string> query_name(std::string_view domain);

}  // namespace mxpress::mta::spf
