// What the limits of a provider change for the connections to its mail hosts.
#pragma once

#include <cstddef>
#include <string_view>

#include "mta/transport/connection_place.h"

namespace mxpress::dns {
struct Target;
}
namespace mxpress::mta::replies {
struct ProviderLimits;
}

namespace mxpress::proto {
struct HostResult;
}

namespace mxpress::mta::transport {

class TargetConnections;
struct Order;

struct ProviderTerms {
  ConnectionPlace place;  // its address is that of the host, or of the provider's pool: connections to all its hosts count together
  std::size_t most_connections = 1;                 // at a time
  std::size_t most_messages = 0;                    // over one connection
  std::size_t most_recipients = 1;                  // of one transaction
  const replies::ProviderLimits* limits = nullptr;  // of the order's rules; null: it is of no provider with limits
};

// Our own finding: there are enough connections to the host, or to all hosts of its provider.
proto::HostResult has_enough(const Order& order, const dns::Target& target, const TargetConnections& connections);

bool says_enough(const proto::HostResult& result);

// Where connections to the hosts of the provider with this name are counted.
dns::Address pool_of(std::string_view provider);

// The limits of the provider, by the name of the mail host (mxpress-replies(5)), where the DNS has led there; and only where the
// configuration keeps the default. Else those of the order.
ProviderTerms provider_terms(const Order& order, const dns::Target& target);

}  // namespace mxpress::mta::transport
