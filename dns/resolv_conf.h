// The name servers and options to use: resolv.conf and the addresses in our own configuration. Pure; resolv_conf_file reads the file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dns/address.h"
#include "proto/time.h"

namespace mxpress::dns {

// One name server.
struct ServerConfig {
  Address address;
  std::string scope;  // interface of a link-local address ("eth0" in fe80::1%eth0); else empty
  std::uint16_t port = 53;
  bool trusted = false;  // its AD bit counts wherever it is: see is_ad_trusted()
  auto operator<=>(const ServerConfig&) const = default;
  std::string to_string() const;  // "127.0.0.1:53", "[fe80::1%eth0]:53"
};

// Whether its word that an answer is authenticated (AD) counts: where it is trusted, and on loopback, where nobody can change the answer on
// its way. Not of servers on loopback that only pass on what others say: 127.0.0.11, that of containers, and 127.0.0.54, the proxy of
// systemd-resolved. (Its usual 127.0.0.53 sets AD for what it has validated itself.)
bool is_ad_trusted(const ServerConfig& server);

struct ResolverOptions {
  std::vector<ServerConfig> servers;
  Duration timeout = std::chrono::seconds(5);  // for one try at one server
  int attempts = 2;                            // rounds over the servers
  Duration total = std::chrono::seconds(30);   // upper limit for one question, above all other values
  bool rotate = false;                         // begin with another server each time
  bool use_vc = false;                         // TCP from the start
  auto operator<=>(const ResolverOptions&) const = default;
};

inline constexpr std::string_view kResolvConfPath = "/etc/resolv.conf";

// "192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:5353", "fe80::1%eth0"
Result<ServerConfig> parse_server(std::string_view text);

// Uses nameserver and the options timeout, attempts, rotate, use-vc and trust-ad; ignores other options and malformed lines.
// trust-ad does not make a server trusted that only forwards answers: containers get a copy of this option from their host.
// Without a nameserver: 127.0.0.1. `total` is left at its default.
ResolverOptions parse_resolv_conf(std::string_view text);

}  // namespace mxpress::dns
