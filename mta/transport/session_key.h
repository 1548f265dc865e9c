// Which session may serve which message: the one place that decides it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dns/address.h"
#include "mta/routing/route.h"

namespace mxpress::mta::transport {

// Where a destination's mail goes next.
struct NextHop {
  enum class Kind : std::uint8_t {
    mail_hosts,  // what the DNS says for the domain
    route        // what the configuration says
  };
  Kind kind = Kind::mail_hosts;
  std::string hosts;  // dns::Targets::site
  bool operator==(const NextHop&) const = default;
};

// What is agreed with a host before the first message, and holds for the whole session.
struct SessionTerms {
  routing::TransportKind transport = routing::TransportKind::smtp;
  net::TlsPolicy tls{};
  bool implicit_tls = false;
  std::shared_ptr<const auth::CurrentLogin> login{};  // whose login of the moment the session signs in with; null: none
  std::optional<dns::Address> source{};               // that connections are made from; none: as the system chooses
  std::optional<proto::Mailbox> author{};             // in place of the author and the sender of each message; none: they stay
  bool is_lmtp = false;                               // RFC 2033, not SMTP
  std::string limit{};                                // that what it hands over counts for: see routing::Route; empty: none
  bool operator==(const SessionTerms& other) const = default;
};

// The terms that stand in no name.
std::shared_ptr<const SessionTerms> usual_terms();

// A session serves a message only if both have equal keys. A site is what has one key: sessions, window and backoff are the site's, so
// that destinations with equal keys share them, and no others.
struct SessionKey {
  NextHop next_hop;
  SessionTerms terms;
  bool operator==(const SessionKey&) const = default;

  // Different for different keys; at most proto::kMaxSiteKey octets. The spool's site records are found again by it: it does not change
  // from one version to the next. What is usual is not in it: "mx1.example.org,mx2.example.org:25", "mail.example.net:587 route".
  std::string text() const;
};

// `hosts`: dns::Targets::site of what the route leads to.
SessionKey session_key(const routing::Route& route, std::string hosts);

// For people: the hosts alone. `text`: of a key.
std::string_view hosts_of(std::string_view text);

}  // namespace mxpress::mta::transport
