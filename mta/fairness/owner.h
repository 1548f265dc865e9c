// The owner for whom a share of a budget is counted: a local user, or the network of a remote client.
#pragma once

#include "proto/share_owner.h"

namespace mxpress::dns {
struct Address;
}

namespace mxpress::mta::fairness {

// Two sessions have the same owner if they have the same uid or, without a uid, come from the same network.
using Owner = proto::ShareOwner;

// An IPv4 address, or an IPv6 network of 64 bits. Every loopback address means the unknown program on this host.
Owner owner_of_client(const dns::Address& address);

}  // namespace mxpress::mta::fairness
