// One address of one mail host.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "dns/address.h"

namespace mxpress::dns {

// The TLSA records of a mail host, or why there are none to go by. RFC 7672 2.1, 2.2.
struct HostTlsa {
  enum class Kind : std::uint8_t {
    not_asked,         // nobody wanted to know
    mx_insecure,       // not asked for: the answer about the domain's mail hosts was not authenticated (RFC 7672 2.2.1)
    address_insecure,  // not asked for: the answer about the host's addresses was not authenticated (RFC 7672 2.2.2)
    none,              // there is no record, and this answer is authenticated
    insecure,          // the answer, whatever it is, is not authenticated
    found,
    failed  // no answer to rely on: mail to this host has to wait (RFC 7672 2.1.2)
  };
  Kind kind = Kind::not_asked;
  std::string base{};                  // found, failed: the TLSA base domain, a name of the host
  std::uint16_t port = 0;              // the same
  std::vector<std::string> names{};    // found: what else a certificate of usage 2 may be for (RFC 7672 3.2.2)
  std::vector<std::string> records{};  // found: data of each record, sorted
  std::string failure{};               // failed: "SERVFAIL from 127.0.0.1:53"
  auto operator<=>(const HostTlsa&) const = default;

  // "_25._tcp.mx.example.org"; where they were found, or could not be.
  std::string owner() const;
};

struct Target {
  std::string host;  // MX name, or the domain itself (implicit MX), or the literal
  Address address;
  std::uint16_t port = 25;
  bool authenticated = false;    // MX and address answers were both authenticated
  std::uint16_t preference = 0;  // of its MX record; equal values have no order among them
  HostTlsa tlsa{};               // of the host
  bool is_unlisted = false;      // the MTA-STS policy of the domain does not list the host (RFC 8461 4.1)
  auto operator<=>(const Target&) const = default;
  // `host` is the path of a Unix socket, which no mail host's name can be; it has no address and no port.
  bool is_unix_socket() const { return host.starts_with('/'); }
  std::string address_text() const;  // "192.0.2.1:25", "[2001:db8::1]:25", "/run/dovecot/lmtp"
};

}  // namespace mxpress::dns
