// The configuration: one TOML file, every key optional. etc/mxpress.toml comments each of them.
#pragma once

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "dns/address.h"
#include "mta/config/rate_rules.h"
#include "mta/config/route_config.h"
#include "mta/config/sender_config.h"
#include "mta/config/timeouts.h"
#include "proto/domain.h"
#include "proto/mailbox.h"
#include "proto/result.h"
#include "queue/retry.h"

namespace mxpress::dns {
enum class Validate : std::uint8_t;
}
namespace mxpress::mta::content {
class Signer;
}
namespace mxpress::mta::languages {
class Languages;
}

namespace mxpress::mta::replies {
class RuleSet;
}
namespace mxpress::mta::routing {
class AliasBook;
class RouteFiles;
}  // namespace mxpress::mta::routing

namespace mxpress::mta {

// [destination."example.com"]; unset keys are taken from the general ones.
struct DestinationConfig {
  std::string route;  // a key of Config::routes, or kDirectRoute; empty: [route]
  std::optional<queue::RetryPolicy> retry;
  std::optional<std::size_t> max_sessions;
  std::optional<dns::AddressFamily> address_family;
};

struct DnsConfig {
  std::vector<std::string> servers;  // "address" or "address:port"; empty: follow resolv_conf
  bool trusted = false;              // believe the AD bit of `servers` even if they are not on loopback
  std::optional<Duration> timeout;
  std::optional<int> attempts;
  boost::filesystem::path resolv_conf = "/etc/resolv.conf";
  dns::Validate validate{};                                          // dns/validate.h; automatic
  boost::filesystem::path trust_anchor = "/usr/share/dns/root.key";  // of dns-root-data, as the next one
  boost::filesystem::path root_hints = "/usr/share/dns/root.hints";
};

struct DeliveryConfig {
  std::uint16_t port = 25;
  std::size_t workers = 0;  // 0: one per core, at most 8
  dns::AddressFamily address_family = dns::AddressFamily::any;
  std::vector<dns::Network> allow_addresses;  // networks that mail may be delivered to although excluded by default
  std::size_t max_sessions = 200;             // connections in all...
  std::size_t max_sessions_per_site = 10;     // ...and to one site
  std::size_t max_recipients = 100;           // of one transaction
  bool tls = true;                            // opportunistic STARTTLS
  bool mta_sts = true;                        // MTA-STS policies of domains are obeyed (RFC 8461); not without `tls`
  bool legacy_tls = false;                    // [tls] legacy: TLS 1.0 and 1.1 rather than clear text
  bool dane = true;                           // TLSA records that the DNS authenticates are obeyed (RFC 7672); not without `tls`
};

// [tls]: daily reports about TLS to the domains that ask for them (RFC 8460).
struct TlsReportsConfig {
  bool enabled = true;
  std::optional<proto::Mailbox> from{};  // their sender; nullopt: postmaster of sender_domain, else of this host
};

struct ListenConfig {
  std::vector<std::string> smtp;    // "address:port"
  bool smtp_is_default = true;      // not set by the file: a missing address family is only a warning
  std::vector<dns::Network> allow;  // clients of non-loopback listeners; such a listener without it refuses to start
  boost::filesystem::path submission_socket = "/run/mxpress/submission";
  boost::filesystem::path control_socket = "/run/mxpress/control";
};

inline constexpr std::string_view kUserOfSender = "{user}";  // in LocalConfig::senders

inline constexpr const char* kEveryOther = "*";  // in LocalConfig::aliases and senders: all names without an entry

// Handling of mail for a name that is neither a user of this host nor an alias.
enum class UnknownUsers : std::uint8_t { refuse, keep };

struct LocalConfig {
  // By local part in lower case, or kEveryOther: targets for proto::parse_alias_targets(), each by itself. They take precedence over those
  // of alias_file.
  std::map<std::string, std::vector<std::string>> aliases;
  boost::filesystem::path alias_file = "/etc/aliases";  // empty: none
  UnknownUsers unknown_users = UnknownUsers::refuse;
  // The external addresses of this host's users: by local part in lower case, or "*" for the rest; "{user}" in an address is replaced by
  // the local part.
  std::map<std::string, std::string> senders;
  std::uint64_t mailbox_limit = 100u << 20;                               // octets of the daemon's own mailbox; when full, mail is deferred
  std::optional<LocalDelivery> deliver;                                   // nullopt: not set, and choose_local_delivery() was not called
  boost::filesystem::path deliver_socket = "/run/mxpress/deliver.sock";   // of mxpress-deliver
  bool allow_commands = false;                                            // run commands of alias_file; otherwise they get no mail
  std::string command_user = "nobody";                                    // the user that runs them
  boost::filesystem::path command_socket = "/run/mxpress/commands.sock";  // of the mxpress-runner that runs them

  LocalDelivery delivery() const { return deliver.value_or(LocalDelivery()); }
  bool keeps_mail() const { return !deliver || deliver->kind == LocalDelivery::Kind::keep; }
};

// mxpress-runner, which runs the commands of the configuration.
struct RunnerConfig {
  boost::filesystem::path socket = "/run/mxpress/runner.sock";
  Duration timeout = std::chrono::seconds(30);  // of one command
};

// [guard]: a local user over this limit of recipients is treated as a runaway program.
struct GuardConfig {
  Rate rate{100, std::chrono::minutes(1)};  // of recipients, for each user
  std::uint64_t burst = 300;                // that a user may have at once; 0: no limit
  std::vector<LocalUser> exempt{};          // besides root
};

// [alerts]: the receivers, beside the log, of problems that only an administrator can solve.
struct AlertsConfig {
  std::string to = "root";             // a user or alias of this host, or an address; empty: no mail
  std::vector<std::string> command{};  // run by the runner; empty: none
};

// [status]: limits from which `mxpress status` calls the queue degraded.
struct StatusConfig {
  Duration oldest = std::chrono::hours(24);  // longest wait of a message; 0: no limit
  std::uint64_t failures = 50;               // percent of the recipients that ended within an hour
  std::uint64_t least = 20;                  // only if at least this many ended
};

// [history]: records of the life of each message, for `mxpress why`, and of the dialogues of failed attempts, for `mxpress dialogue`.
struct HistoryConfig {
  Duration keep = std::chrono::hours(24 * 30);  // 0: none is kept
  std::uint64_t max_size = 1000u << 20;         // octets on the disk
  std::uint64_t dialogues = 50u << 20;          // octets on the disk, beside max_size
};

// [doctor]: the hosts and lists that `mxpress doctor` asks.
struct DoctorConfig {
  std::vector<dns::Address> addresses{};       // that other hosts see this host's mail come from; empty: those of its interfaces
  std::vector<proto::Domain> probe_domains{};  // their mail hosts show if port 25 is open; see default_probe_domains()
  std::vector<proto::Domain> block_lists{};    // DNS block lists; see default_block_lists()
  Duration timeout = std::chrono::seconds(30);
};
std::vector<proto::Domain> default_probe_domains();
std::vector<proto::Domain> default_block_lists();

// The condition for a key to sign: its record is in the DNS, none, or it never signs.
enum class SignWhen : std::uint8_t { published, always, never };

// [dkim."example.org"]: signing of mail whose author is of this domain, or of one below it.
struct DkimConfig {
  std::map<std::string, boost::filesystem::path> keys;  // PEM files, by selector
  std::map<std::string, boost::filesystem::path> next;  // the same: replace `keys` once the records of all of them are published
  // Not set: published; keys that signed before this host recorded it continue to sign.
  std::optional<SignWhen> sign;
};

// Direct delivery to the mail hosts of the recipient's domain, overriding [route].
inline constexpr std::string_view kDirectRoute = "direct";
// A key of Config::routes if [destination] or [sender] names it: mail waits until an operator releases it.
inline constexpr std::string_view kHoldRoute = "hold";

struct Config {
  boost::filesystem::path file;                // main file; empty: built-in defaults
  std::string hostname;                        // fully qualified: EHLO, Received, Message-ID, notices
  std::optional<proto::Domain> sender_domain;  // in the addresses of this host's users in their mail; nullopt: hostname
  std::vector<proto::Domain> local_domains;    // default: hostname, localhost
  std::string user = "mxpress";                // to become when started by root
  boost::filesystem::path spool_directory = "/var/spool/mxpress";
  boost::filesystem::path state_directory = "/var/lib/mxpress";  // permanent data other than mail: refresh tokens, keys of the DNS root
  std::uint64_t spool_reserve = 32u << 20;
  std::optional<std::uint64_t> spool_memory;  // octets; nullopt: by the memory that this process may use
  std::uint64_t max_message_size = 50u << 20;
  std::size_t max_recipients = 10'000;  // of one submitted message
  ListenConfig listen;
  RunnerConfig runner;
  GuardConfig guard;
  AlertsConfig alerts;
  StatusConfig status;
  std::string notices_language;  // of messages without a Content-Language that mxpress has: a tag of RFC 5646; empty: English
  HistoryConfig history;
  DoctorConfig doctor{{}, default_probe_domains(), default_block_lists()};
  DnsConfig dns;
  DeliveryConfig delivery;
  TlsReportsConfig tls_reports;
  Timeouts timeouts;
  queue::RetryPolicy retry;
  LocalConfig local;
  std::map<proto::Domain, DkimConfig> dkim;
  std::optional<RouteConfig> route;           // for all destinations without their own; nullopt: direct
  bool is_fallback_in_force = false;          // this host cannot send directly: `route` with `fallback` is used
  std::map<std::string, RouteConfig> routes;  // by name; also each "host:port" that a destination names
  std::map<std::string, CredentialsConfig> credentials;
  RateRules rate_rules;  // of the routes above
  SenderTable senders;
  std::optional<proto::Mailbox> redirect;    // gets all mail that would leave this host
  std::optional<proto::Mailbox> always_bcc;  // gets a copy of each submitted message
  std::map<proto::Domain, DestinationConfig> destinations;
  std::map<std::string, DestinationConfig, std::less<>> subdomains;  // "*.DOMAIN", by DOMAIN: for domains below it
  std::shared_ptr<const routing::RouteFiles> route_files;            // further files for routes; null: not read, as in `mxpress`
  std::shared_ptr<const routing::AliasBook> alias_book;              // the content of alias_file; null: not read
  std::shared_ptr<const replies::RuleSet> replies;                   // what replies of mail hosts mean; null: not read
  std::shared_ptr<const languages::Languages> languages;             // of notices; null: English alone
  std::shared_ptr<content::Signer> signer;                           // signs outgoing mail; null: not signed
  std::vector<std::string> warnings;                                 // for the log

  // The hostname; "localhost" if it is not a valid domain.
  proto::Domain own_domain() const;
  bool is_local(const proto::Domain& domain) const;
  // True if this host sends mail for the domain: its hostname, a local domain, sender_domain, a domain with DKIM keys, or one below these.
  bool is_sent_for(const proto::Domain& domain) const;
  // The policy of one destination: its own keys over the general ones.
  queue::RetryPolicy retry_for(const proto::Domain& domain) const;
  std::size_t max_sessions_for(const proto::Domain& domain) const;
  dns::AddressFamily address_family_for(const proto::Domain& domain) const;
  // Null: direct. Also for released mail: never a route that holds. Valid as long as the configuration. A fallback is returned only while
  // it is in use.
  const RouteConfig* route_for(const proto::Domain& domain) const;
  // The route that holds mail for the domain, for a sender whose route is `sender_route` (a key of `routes`, kDirectRoute or empty); null:
  // none.
  const RouteConfig* holding_route(const proto::Domain& domain, std::string_view sender_route) const;
  // True if [destination] gives the domain a route, which all its mail uses.
  bool has_own_route(const proto::Domain& domain) const;
  boost::filesystem::path drop_directory() const { return spool_directory / "drop"; }
  boost::filesystem::path refused_directory() const { return spool_directory / "drop-refused"; }
  boost::filesystem::path history_directory() const { return spool_directory / "history"; }
  boost::filesystem::path dialogue_directory() const { return spool_directory / "dialogues"; }
  boost::filesystem::path mailbox_directory() const { return spool_directory / "mailbox"; }
};

inline constexpr const char* kDefaultConfigFile = "/etc/mxpress/mxpress.toml";

// Default file: kDefaultConfigFile, which need not exist; a file that was named must. Errors name file, line, and a suggestion.
Result<Config> load_config(const std::optional<boost::filesystem::path>& file);
// The path of the daemon's control socket, as far as a file with errors tells it: to reach a daemon that runs with earlier settings.
boost::filesystem::path control_socket_in(const std::optional<boost::filesystem::path>& file);
// Sets the default of [local] deliver for the daemon: automatic if this host has /var/mail and the socket of mxpress-deliver, else keep.
void choose_local_delivery(Config& config);
Result<Config> parse_config(std::string_view toml, const std::string& file_name);

// The configuration in use. Any thread. Take a snapshot and keep it for one step.
class CurrentConfig {
 public:
  explicit CurrentConfig(Config config) : config_(std::make_shared<const Config>(std::move(config))) {}
  std::shared_ptr<const Config> get() const {
    std::lock_guard lock(mutex_);
    return config_;
  }
  void set(Config config) {
    auto next = std::make_shared<const Config>(std::move(config));
    std::lock_guard lock(mutex_);
    config_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Config> config_;
};

}  // namespace mxpress::mta
