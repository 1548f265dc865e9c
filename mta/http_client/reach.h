// The hosts that may be contacted, and the authorities for their certificates.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dns/address.h"

namespace mxpress::mta::net {
class TrustAnchors;
}

namespace mxpress::mta::http_client {

struct Reach {
  std::vector<dns::Network> allowed{};                         // used although they are not public
  std::shared_ptr<const net::TrustAnchors> anchors = nullptr;  // null: the system's
  std::function<bool(const dns::Address&)> is_own{};           // an address of this host, which is not asked; empty: none is known
};

// The reason why an address may not be used: "a private address" ...; empty: it may. Loopback, private, link-local, multicast and reserved
// addresses and this host's own are refused, also inside an IPv6 address of a translator (RFC 6052 2.1, RFC 3056).
std::string objection(const Reach& reach, const dns::Address& address);

}  // namespace mxpress::mta::http_client
