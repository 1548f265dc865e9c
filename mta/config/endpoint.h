// "address:port" and "host:port" as configuration writes them.
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

// "mail.example.org:2525", "mail.example.org" (port 25), "192.0.2.1:25", "[2001:db8::1]:25".
Result<HostPort> parse_host_port(std::string_view text);
std::string to_string(const HostPort& place);

}  // namespace mxpress::mta::config
