// The route of mail for a destination.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "dns/address.h"
#include "mta/config/route_config.h"
#include "mta/net/tls_policy.h"
#include "mta/routing/destination_name.h"
#include "proto/domain.h"
#include "proto/mailbox.h"

namespace mxpress::proto {
enum class TlsWish : std::uint8_t;
}

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::auth {
class CurrentLogin;
}

namespace mxpress::mta::routing {

// The receiver of the mail.
enum class TransportKind : std::uint8_t {
  smtp,     // mail hosts
  mailbox,  // this host's own mailbox
  deliver,  // the mailboxes of its users, by mxpress-deliver
  command   // commands of aliases, by mxpress-runner
};

// Determined at each attempt, because the configuration may have changed; never stored with a message.
struct Route {
  TransportKind transport = TransportKind::smtp;
  NextHops next_hops;       // empty: the mail hosts in the DNS of the domain
  std::uint16_t port = 25;  // for hosts without one
  net::TlsPolicy tls;
  bool implicit_tls = false;
  std::shared_ptr<const auth::CurrentLogin> login;  // null: no sign-in
  std::optional<dns::Address> from_address;         // local address of connections
  std::optional<proto::Mailbox> author;             // see SessionTerms
  std::string limit;                                // rate_key() of the rate limit for its mail; empty: none
  bool is_lmtp = false;                             // RFC 2033, not SMTP
  proto::TlsWish wish{};                            // of the sender; {}: none; `waive` concerns what the DNS demands, not the configuration
  std::string source;                               // for people: its place in the configuration: "[route]"; empty: none
  std::string failure;                              // why it can carry no mail now, and the action to take; empty: it can

  bool is_direct() const { return next_hops.empty(); }
  // Whether DANE and MTA-STS count, unless the configuration demands something of TLS. RFC 8689 4.2
  bool heeds_dns_policies() const;
  // True if the only next hop is a path.
  bool is_at_unix_socket() const { return next_hops.hosts.size() == 1 && next_hops.hosts.front().host.starts_with('/'); }
  bool operator==(const Route& other) const = default;
};

// For a domain that is not local.
Route route_for(const Config& config, const proto::Domain& domain);
// For a destination that is not local, or a user of this host whose mail goes to another program ([local] deliver = "lmtp:...").
Route route_for(const Config& config, DestinationRef destination);

}  // namespace mxpress::mta::routing
