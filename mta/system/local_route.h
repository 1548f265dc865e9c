// Checks if this host has a route to the internet.
#pragma once

#include "dns/address.h"

namespace mxpress::mta::system {

// True if the kernel would send a packet for a public address of this family. Sends nothing. `any`: of either family. Any thread; two
// system calls.
bool has_route_to_world(dns::AddressFamily family);

// The same for one address.
bool has_route_to(const dns::Address& address);

}  // namespace mxpress::mta::system
