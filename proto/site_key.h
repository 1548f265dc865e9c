// The name of a site: its mail hosts and the port.
#pragma once

#include <cstddef>
#include <string>

namespace mxpress::proto {

inline constexpr std::size_t kMaxSiteKey = 300;  // octets; the longest domain with prefix and port fits

// `key`: "HOST>HOST,HOST:PORT". Returned unchanged if it is no longer than kMaxSiteKey; else the first host, then a hash of the whole key
// instead of the other hosts. Idempotent.
std::string short_site_key(std::string key);

}  // namespace mxpress::proto
