// The way that mail for a destination takes from here.
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

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::auth {
class CurrentLogin;
}

namespace mxpress::mta::routing {

// What takes the mail.
enum class TransportKind : std::uint8_t {
  smtp,     // mail hosts
  mailbox,  // this host's own mailbox
  deliver,  // the mailboxes of its users, by mxpress-deliver
  command   // commands of aliases, by mxpress-runner
};

// Asked for at each attempt, because the configuration may have changed; never stored with a message.
struct Route {
  TransportKind transport = TransportKind::smtp;
  NextHops next_hops;       // none: the mail hosts that the DNS has for the domain
  std::uint16_t port = 25;  // of hosts that state none
  net::TlsPolicy tls;
  bool implicit_tls = false;
  std::shared_ptr<const auth::CurrentLogin> login;  // null: nobody signs in
  std::optional<dns::Address> from_address;         // that connections are made from
  std::optional<proto::Mailbox> author;             // see SessionTerms
  std::string limit;                                // rate_key() of the rate limit that its mail counts for; empty: none
  bool is_lmtp = false;                             // RFC 2033, not SMTP
  std::string source;                               // for people: who says so: "[route]"; empty: nobody
  std::string failure;                              // why no mail can take it now, and what to do; empty: it can

  bool is_direct() const { return next_hops.empty(); }
  // The only next hop is a path.
  bool is_at_unix_socket() const { return next_hops.hosts.size() == 1 && next_hops.hosts.front().host.starts_with('/'); }
  bool operator==(const Route& other) const = default;
};

// Of a domain that is not local.
Route route_for(const Config& config, const proto::Domain& domain);
// Of a destination that is not local, or a user of this host whose mail another program takes ([local] deliver = "lmtp:...").
Route route_for(const Config& config, DestinationRef destination);

}  // namespace mxpress::mta::routing
