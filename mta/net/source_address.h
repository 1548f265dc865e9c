// The addresses from which this host reaches the internet.
#pragma once

#include <vector>

#include "dns/address.h"

namespace mxpress::mta::net {

// The kernel's choice for each family; no packet is sent. Without addresses that are not reachable from outside: private, loopback.
std::vector<dns::Address> public_source_addresses();
// The same, also those that are not reachable from outside.
std::vector<dns::Address> source_addresses();

}  // namespace mxpress::mta::net
