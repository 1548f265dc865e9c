// From which of its addresses this host reaches the internet.
#pragma once

#include <vector>

#include "dns/address.h"

namespace mxpress::mta::net {

// What the kernel would choose for each family; no packet is sent. Without those that nobody outside reaches: private ones, loopback.
std::vector<dns::Address> public_source_addresses();

}  // namespace mxpress::mta::net
