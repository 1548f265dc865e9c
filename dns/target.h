// One address of one mail host.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "dns/address.h"

namespace mxpress::dns {

struct Target {
  std::string host;  // MX name, or the domain itself (implicit MX), or the literal
  Address address;
  std::uint16_t port = 25;
  bool authenticated = false;    // MX and address answers were both authenticated
  std::uint16_t preference = 0;  // of its MX record; equal values have no order among them
  auto operator<=>(const Target&) const = default;
  // `host` is the path of a Unix socket, which no mail host's name can be; it has no address and no port.
  bool is_unix_socket() const { return host.starts_with('/'); }
  std::string address_text() const;  // "192.0.2.1:25", "[2001:db8::1]:25", "/run/dovecot/lmtp"
};

}  // namespace mxpress::dns
