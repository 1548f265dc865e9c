// What the limits of a provider change for the connections to its mail hosts.
#pragma once

#include <cstddef>

#include "dns/address.h"

namespace mxpress::dns {
struct Target;
}

namespace mxpress::mta::transport {

struct Order;

struct ProviderTerms {
  dns::Address counted_as;           // the address itself, or that of the provider's pool: connections to all its hosts count together
  std::size_t most_connections = 1;  // at a time
  std::size_t most_messages = 0;     // over one connection
  std::size_t most_recipients = 1;   // of one transaction
};

// The limits of the provider, by the name of the mail host (mxpress-replies(5)), where the DNS has led there; and only where the
// configuration keeps the default. Else those of the order.
ProviderTerms provider_terms(const Order& order, const dns::Target& target);

}  // namespace mxpress::mta::transport
