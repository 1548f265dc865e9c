// The session key: decides which session may serve which message. No other code decides that.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dns/address.h"
#include "mta/routing/route.h"

namespace mxpress::dns {
struct Targets;
}

namespace mxpress::mta::transport {

// The next hop of a destination's mail.
struct NextHop {
  enum class Kind : std::uint8_t {
    mail_hosts,  // from the DNS of the domain
    route        // from the configuration
  };
  Kind kind = Kind::mail_hosts;
  std::string hosts;   // dns::Targets::site
  std::string dane{};  // net::dane_digest() of them: a host that fails DANE must not keep mail back that demands none of it
  bool operator==(const NextHop&) const = default;
};

// The terms agreed with a host before the first message, valid for the whole session.
struct SessionTerms {
  routing::TransportKind transport = routing::TransportKind::smtp;
  net::TlsPolicy tls{};
  bool implicit_tls = false;
  std::shared_ptr<const auth::CurrentLogin> login{};  // the login that the session signs in with; null: none
  std::optional<dns::Address> source{};               // local address of connections; nullopt: the system chooses
  std::optional<proto::Mailbox> author{};             // replaces the author and the sender of each message; nullopt: they are kept
  bool is_lmtp = false;                               // RFC 2033, not SMTP
  bool require_tls = false;                           // of hosts that offer REQUIRETLS, behind a certificate (RFC 8689)
  std::string limit{};                                // the rate limit that its mail counts for: see routing::Route; empty: none
  bool operator==(const SessionTerms& other) const = default;
  std::size_t hash() const;
};

// The default terms, which appear in no name.
std::shared_ptr<const SessionTerms> usual_terms();

// A session serves a message only if both have equal keys. A site is identified by a key: sessions, window and backoff belong to the site,
// so exactly the destinations with equal keys share them.
struct SessionKey {
  NextHop next_hop;
  SessionTerms terms;
  bool operator==(const SessionKey&) const = default;

  // Different for different keys; at most proto::kMaxSiteKey octets. The spool finds its site records by it, so it never changes between
  // versions. Defaults are left out: "mx1.example.org,mx2.example.org:25", "mail.example.net:587 route".
  std::string text() const;
};

// `found`: the hosts of the route's next hop.
SessionKey session_key(const routing::Route& route, const dns::Targets& found);

// The hosts alone, for people. `text`: of a key.
std::string_view hosts_of(std::string_view text);

}  // namespace mxpress::mta::transport
