// Ways of mail that the configuration names, also to users of this host, and what this host signs in with: [route], [route.NAME],
// [credentials.NAME].
#pragma once

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dns/address.h"
#include "proto/domain.h"
#include "proto/https_url.h"
#include "proto/mailbox.h"
#include "proto/result.h"
#include "proto/time.h"

namespace mxpress::mta {

// How much a route may hand over in which time: "100/h".
// At most `count` in any `period`.
struct Rate {
  static constexpr std::uint64_t kMost = 10'000'000;

  std::uint64_t count = 1;                    // 1 to kMost
  Duration period = std::chrono::seconds(1);  // a second, a minute, an hour or a day

  // "100/h". The Error says what to write instead.
  static Result<Rate> parse(std::string_view text);
  std::string to_string() const { return std::to_string(count) + "/" + unit(); }
  // Of its period: "s", "m", "h" or "d".
  std::string unit() const;
  bool operator==(const Rate&) const = default;
};

// Where and for what an OAuth provider gives tokens: [credentials.NAME] oauth. RFC 6749, RFC 8628.
struct OAuthConfig {
  std::string provider;  // kMicrosoft, kGoogle: what is not set below is theirs; empty: nothing is
  std::string tenant;    // of Microsoft: a directory's id or domain; empty: "common"
  std::optional<proto::HttpsUrl> token_url, device_url, authorization_url;
  std::string scope;
  std::optional<boost::filesystem::path> ca_file;  // PEM: the authorities that are trusted, instead of the system's
  std::vector<dns::Network> allow_addresses;       // that are asked although they are not public
  bool operator==(const OAuthConfig&) const = default;
};

struct HostPort {
  std::string host;  // name or address text
  std::uint16_t port = 25;
  bool operator==(const HostPort&) const = default;
};

// Where mail goes next: hosts in the order to try, or the mail hosts that the DNS has for a domain. Neither: those of the recipient's
// domain.
struct NextHops {
  std::vector<HostPort> hosts;  // port 0: none is stated
  std::optional<proto::Domain> mail_hosts_of;
  bool empty() const { return hosts.empty() && !mail_hosts_of; }
  bool operator==(const NextHops&) const = default;
};

enum class RouteTls : std::uint8_t { none, may, encrypt, verify };
enum class RouteTransport : std::uint8_t {
  smtp,
  hold  // none: mail waits until an operator releases it
};

// [route], [route.NAME]
struct RouteConfig {
  RouteTransport transport = RouteTransport::smtp;
  NextHops next_hops;
  std::optional<std::uint16_t> port;  // of hosts that state none
  std::optional<RouteTls> tls;
  bool implicit_tls = false;                       // TLS from the first octet on (RFC 8314), not after STARTTLS
  std::optional<boost::filesystem::path> ca_file;  // PEM: the authorities that are trusted, instead of the system's
  std::optional<std::string> pinned_key;           // SHA-256 of the host's public key (SubjectPublicKeyInfo), 32 octets
  std::string credentials;                         // NAME; empty: nobody signs in
  std::optional<dns::Address> from_address;        // that connections are made from; none: as the system chooses
  std::vector<Rate> rate;                          // of messages, each for another period; empty: as many as there are
  std::vector<Rate> recipient_rate;                // the same of recipients
  std::optional<proto::Mailbox> author;            // that stands in From and in the envelope of its mail; none: as it was handed in
  bool fallback = false;                           // mail goes direct, and here while this host cannot send directly; of [route] alone
  std::string provider;                            // whose host and port these are; empty: the file states them
  std::string source;                              // for people: "[route]", "[route.office]", "[destination.\"x.example\"] route"

  // What applies where a key is not set. `usual`: [delivery] port.
  std::uint16_t port_or(std::uint16_t usual) const;
  bool operator==(const RouteConfig&) const = default;
};

// The mechanisms that this host can sign in with, the best first.
std::span<const std::string_view> auth_mechanisms();

enum class SecretKind : std::uint8_t {
  password,
  token,       // an access token (RFC 7628)
  certificate  // of this host as a client of TLS, with its private key
};
// The kind of secret that a mechanism proves or shows.
SecretKind kind_of_mechanism(std::string_view mechanism);

// [credentials.NAME]: a file, a command or an OAuth provider has the secret, never the configuration. One of the five is set.
struct CredentialsConfig {
  std::string user;
  std::optional<boost::filesystem::path> password_file;
  std::string password_credential;            // the name of a credential of systemd (LoadCredential=)
  std::vector<std::string> password_command;  // that mxpress-runner runs: an absolute path and arguments; its output is the password
  std::vector<std::string> mechanisms;        // of SASL, upper case; the only ones to use, in this order. Empty: as mxpress prefers
  bool allow_cleartext = false;               // PLAIN and LOGIN also where the host has not proved who it is
  std::optional<boost::filesystem::path> certificate_file;  // PEM: a certificate, others of its chain, and the private key
  std::optional<OAuthConfig> oauth;  // the secret is an access token of this provider, by the refresh token of `mxpress setup oauth`
  std::string client_id;             // of this host, as the OAuth provider has registered it
  std::optional<boost::filesystem::path> client_secret_file;  // what such a client proves itself with, if it has that

  // A token also because the mechanisms are all for tokens.
  SecretKind kind() const;
  bool operator==(const CredentialsConfig&) const = default;
};

// [local] deliver: where mail for this host's users goes.
struct LocalDelivery {
  enum class Kind : std::uint8_t {
    keep,       // the daemon's own mailbox
    automatic,  // ~/Maildir/ of users who have it, else as mbox
    mbox,       // /var/mail/USER
    maildir,    // ~/Maildir/
    lmtp        // another program of this host or elsewhere
  };
  Kind kind = Kind::keep;
  boost::filesystem::path lmtp_socket{};  // a Unix socket; empty: lmtp_host
  HostPort lmtp_host{};

  // "keep", "mbox", "maildir", "lmtp:/run/dovecot/lmtp", "lmtp:mail.example.org:24". The Error says what to write.
  static Result<LocalDelivery> parse(std::string_view text);
  std::string to_string() const;
  bool operator==(const LocalDelivery&) const = default;
};

}  // namespace mxpress::mta
