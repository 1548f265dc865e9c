// Routes of the configuration, including those to users of this host, and the credentials for them: [route], [route.NAME],
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

// The limit of a route's mail in a period: "100/h".
// At most `count` in any `period`.
struct Rate {
  static constexpr std::uint64_t kMost = 10'000'000;

  std::uint64_t count = 1;                    // 1 to kMost
  Duration period = std::chrono::seconds(1);  // a second, a minute, an hour or a day

  // "100/h". The Error has the correct form.
  static Result<Rate> parse(std::string_view text);
  std::string to_string() const { return std::to_string(count) + "/" + unit(); }
  // The unit of its period: "s", "m", "h" or "d".
  std::string unit() const;
  bool operator==(const Rate&) const = default;
};

// The OAuth provider for tokens, and their purpose: [credentials.NAME] oauth. RFC 6749, RFC 8628.
struct OAuthConfig {
  std::string provider;  // kMicrosoft, kGoogle: gives the values not set below; empty: none
  std::string tenant;    // for Microsoft: a directory's id or domain; empty: "common"
  std::optional<proto::HttpsUrl> token_url, device_url, authorization_url;
  std::string scope;
  std::optional<boost::filesystem::path> ca_file;  // PEM: the trusted authorities, instead of the system's
  std::vector<dns::Network> allow_addresses;       // used although they are not public
  bool operator==(const OAuthConfig&) const = default;
};

struct HostPort {
  std::string host;  // name or address text
  std::uint16_t port = 25;
  bool operator==(const HostPort&) const = default;
};

// The next hop of mail: hosts in the order to try, or the mail hosts in the DNS of a domain. Neither: the mail hosts of the recipient's
// domain.
struct NextHops {
  std::vector<HostPort> hosts;  // port 0: not given
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
  std::optional<std::uint16_t> port;  // for hosts without one
  std::optional<RouteTls> tls;
  bool implicit_tls = false;                       // TLS from the first octet on (RFC 8314), instead of STARTTLS
  std::optional<boost::filesystem::path> ca_file;  // PEM: the trusted authorities, instead of the system's
  std::optional<std::string> pinned_key;           // SHA-256 of the host's public key (SubjectPublicKeyInfo), 32 octets
  std::string credentials;                         // NAME; empty: no sign-in
  std::optional<dns::Address> from_address;        // local address of connections; nullopt: the system chooses
  std::vector<Rate> rate;                          // of messages, each for another period; empty: no limit
  std::vector<Rate> recipient_rate;                // the same for recipients
  std::optional<proto::Mailbox> author;            // replaces From and the envelope sender of its mail; nullopt: unchanged
  bool fallback = false;                           // used only while this host cannot send directly; only in [route]
  std::string provider;                            // source of host and port; empty: the file gives them
  std::string source;                              // for people: "[route]", "[route.office]", "[destination.\"x.example\"] route"

  // The defaults of unset keys. `usual`: [delivery] port.
  std::uint16_t port_or(std::uint16_t usual) const;
  bool operator==(const RouteConfig&) const = default;
};

// The mechanisms that this host supports, the best first.
std::span<const std::string_view> auth_mechanisms();

enum class SecretKind : std::uint8_t {
  password,
  token,       // an access token (RFC 7628)
  certificate  // of this host as a TLS client, with its private key
};
// The kind of secret that a mechanism proves or shows.
SecretKind kind_of_mechanism(std::string_view mechanism);

// [credentials.NAME]: a file, a command or an OAuth provider has the secret, never the configuration. One of the five is set.
struct CredentialsConfig {
  std::string user;
  std::optional<boost::filesystem::path> password_file;
  std::string password_credential;            // the name of a credential of systemd (LoadCredential=)
  std::vector<std::string> password_command;  // run by mxpress-runner: an absolute path and arguments; its output is the password
  std::vector<std::string> mechanisms;        // of SASL, upper case; the only ones to use, in this order. Empty: mxpress chooses
  bool allow_cleartext = false;               // PLAIN and LOGIN even if the host is not verified
  std::optional<boost::filesystem::path> certificate_file;  // PEM: a certificate, others of its chain, and the private key
  std::optional<OAuthConfig> oauth;  // the secret is an access token of this provider, by the refresh token of `mxpress setup oauth`
  std::string client_id;             // of this host, as the OAuth provider has registered it
  std::optional<boost::filesystem::path> client_secret_file;  // proves the identity of such a client, if it has one

  // Also a token if all mechanisms are for tokens.
  SecretKind kind() const;
  bool operator==(const CredentialsConfig&) const = default;
};

// [local] deliver: the destination of mail for this host's users.
struct LocalDelivery {
  enum class Kind : std::uint8_t {
    keep,       // the daemon's own mailbox
    automatic,  // ~/Maildir/ of users who have one, else as mbox
    mbox,       // /var/mail/USER
    maildir,    // ~/Maildir/
    lmtp        // another program of this host or elsewhere
  };
  Kind kind = Kind::keep;
  boost::filesystem::path lmtp_socket{};  // a Unix socket; empty: lmtp_host
  HostPort lmtp_host{};

  // "keep", "mbox", "maildir", "lmtp:/run/dovecot/lmtp", "lmtp:mail.example.org:24". The Error has the correct form.
  static Result<LocalDelivery> parse(std::string_view text);
  std::string to_string() const;
  bool operator==(const LocalDelivery&) const = default;
};

}  // namespace mxpress::mta
