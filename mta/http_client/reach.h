// Which hosts are asked, and who vouches for them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dns/address.h"

namespace mxpress::mta::net {
class TrustAnchors;
}

namespace mxpress::mta::http_client {

struct Reach {
  std::vector<dns::Network> allowed{};                         // asked although they are not public
  std::shared_ptr<const net::TrustAnchors> anchors = nullptr;  // null: the system's
};

// Why nobody is asked at that address: "a private address" ...; empty: it may be asked. Loopback, private, link-local, multicast and
// reserved addresses are refused, also where an IPv6 address of a translator has them inside (RFC 6052 2.1, RFC 3056).
std::string objection(const Reach& reach, const dns::Address& address);

}  // namespace mxpress::mta::http_client
