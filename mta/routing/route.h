// The way that mail for a destination takes from here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "mta/config/config.h"
#include "mta/net/tls_policy.h"
#include "proto/domain.h"

namespace mxpress::mta::routing {

// What takes the mail.
enum class TransportKind : std::uint8_t { smtp, mailbox };

// Asked for at each attempt, because the configuration may have changed; never stored with a message.
struct Route {
  TransportKind transport = TransportKind::smtp;
  std::optional<HostPort> next_hop;  // none: the mail hosts that the DNS has for the domain
  net::TlsPolicy tls;
  std::string credentials;  // which of the configured ones; empty: none
  bool operator==(const Route&) const = default;
};

// Of a domain that is not local.
Route route_for(const Config& config, const proto::Domain& domain);
// Of domains that the configuration does not name.
Route usual_route(const Config& config);

}  // namespace mxpress::mta::routing
