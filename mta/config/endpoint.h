// "address:port" and "host:port" in the configuration.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dns/resolver.h"
#include "mta/config/config.h"
#include "proto/result.h"

namespace mxpress::mta::config {

struct Endpoint {
  dns::Address address;
  std::uint16_t port = 0;
  std::string to_string() const;  // "127.0.0.1:25", "[::1]:25"
};

// "127.0.0.1:25", "[::1]:25"; port 0 (any free one) is allowed.
Result<Endpoint> parse_endpoint(std::string_view text);

// "mail.example.org:2525", "mail.example.org" (port `unstated`), "192.0.2.1:25", "[2001:db8::1]:25".
Result<HostPort> parse_host_port(std::string_view text, std::uint16_t unstated = 25);
// Without the port if it is 0.
std::string to_string(const HostPort& place);

// A host as above, or "mx:example.org": the mail hosts in the DNS of that domain.
Result<NextHops> parse_next_hops(std::string_view text);

}  // namespace mxpress::mta::config
