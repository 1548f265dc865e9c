// The name of an address in the reverse zones. RFC 1035 3.5, RFC 3596 2.5.
#pragma once

#include <string>

#include "dns/address.h"

namespace mxpress::dns {

// "10.2.0.192.in-addr.arpa"; nibbles below ip6.arpa.
std::string reverse_name(const Address& address);

}  // namespace mxpress::dns
