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

namespace mxpress::mta::content {
class Signer;
}
namespace mxpress::mta::routing {
class AliasBook;
class RouteFiles;
}  // namespace mxpress::mta::routing

namespace mxpress::mta {

// [destination."example.com"]; what is not set comes from the general keys.
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
};

struct DeliveryConfig {
  std::uint16_t port = 25;
  std::size_t workers = 0;  // 0: one per core, at most 8
  dns::AddressFamily address_family = dns::AddressFamily::any;
  std::vector<dns::Network> allow_addresses;  // networks that may be delivered to although cut by default
  std::size_t max_sessions = 200;             // connections in all...
  std::size_t max_sessions_per_site = 10;     // ...and to one site
  std::size_t max_recipients = 100;           // of one transaction
  bool tls = true;                            // opportunistic STARTTLS
};

struct ListenConfig {
  std::vector<std::string> smtp;    // "address:port"
  bool smtp_is_default = true;      // not set by the file: a missing address family is only a warning
  std::vector<dns::Network> allow;  // clients of non-loopback listeners; such a listener without it refuses to start
  boost::filesystem::path submission_socket = "/run/mxpress/submission";
  boost::filesystem::path control_socket = "/run/mxpress/control";
};

inline constexpr std::string_view kUserOfSender = "{user}";  // in LocalConfig::senders

inline constexpr const char* kEveryOther = "*";  // in LocalConfig::aliases and senders: whose name has no entry

// Mail for a name that neither a user of this host nor an alias has.
enum class UnknownUsers : std::uint8_t { refuse, keep };

struct LocalConfig {
  // By local part in lower case, or kEveryOther: targets as proto::parse_alias_targets() reads them, each by itself. They come before those
  // of alias_file.
  std::map<std::string, std::vector<std::string>> aliases;
  boost::filesystem::path alias_file = "/etc/aliases";  // empty: none
  UnknownUsers unknown_users = UnknownUsers::refuse;
  // What this host's users are called in the mail that they send: by local part in lower case, or "*" for the rest; "{user}" in an
  // address stands for the local part.
  std::map<std::string, std::string> senders;
  std::uint64_t mailbox_limit = 100u << 20;                              // octets of the daemon's own mailbox; then mail for it is deferred
  std::optional<LocalDelivery> deliver;                                  // none: not set, and choose_local_delivery() was not asked
  boost::filesystem::path deliver_socket = "/run/mxpress/deliver.sock";  // of mxpress-deliver
  bool allow_commands = false;                                           // of alias_file are run; else they get no mail
  std::string command_user = "nobody";                                   // as whom
  boost::filesystem::path command_socket = "/run/mxpress/commands.sock";  // of the mxpress-runner that runs them

  LocalDelivery delivery() const { return deliver.value_or(LocalDelivery()); }
  bool keeps_mail() const { return !deliver || deliver->kind == LocalDelivery::Kind::keep; }
};

// mxpress-runner, which runs the commands that the configuration names.
struct RunnerConfig {
  boost::filesystem::path socket = "/run/mxpress/runner.sock";
  Duration timeout = std::chrono::seconds(30);  // of one command
};

// [guard]: a local user whose mail would have more recipients in a time is taken for a program that runs away.
struct GuardConfig {
  Rate rate{100, std::chrono::minutes(1)};  // of recipients, of each user
  std::uint64_t burst = 300;                // that a user may have at once; 0: nobody is counted
  std::vector<LocalUser> exempt{};          // besides root
};

// [alerts]: who is told what only an administrator can help with, beside the log.
struct AlertsConfig {
  std::string to = "root";             // a user or alias of this host, or an address; empty: no mail
  std::vector<std::string> command{};  // that the runner runs; empty: none
};

// [status]: when `mxpress status` calls the queue degraded.
struct StatusConfig {
  Duration oldest = std::chrono::hours(24);  // that a message has waited; 0: no limit
  std::uint64_t failures = 50;               // percent of the recipients that an hour has ended
  std::uint64_t least = 20;                  // so many of them at least
};

// What makes a key sign: that the DNS has its record, or nothing more, or nothing at all.
enum class SignWhen : std::uint8_t { published, always, never };

// [dkim."example.org"]: who signs mail whose author is of this domain, or of one below it.
struct DkimConfig {
  std::map<std::string, boost::filesystem::path> keys;  // PEM files, by selector
  std::map<std::string, boost::filesystem::path> next;  // the same: sign instead of `keys` once the records of all of them are published
  // Not set: published, and keys that signed before this host kept book of that go on.
  std::optional<SignWhen> sign;
};

// The way to the mail hosts of the recipient's domain, whatever [route] says.
inline constexpr std::string_view kDirectRoute = "direct";
// A key of Config::routes where [destination] or [sender] names it: mail waits until an operator releases it.
inline constexpr std::string_view kHoldRoute = "hold";

struct Config {
  boost::filesystem::path file;                // where it came from; empty: built-in defaults
  std::string hostname;                        // fully qualified: EHLO, Received, Message-ID, notices
  std::optional<proto::Domain> sender_domain;  // of the addresses of this host's users in the mail they send; none: hostname
  std::vector<proto::Domain> local_domains;    // default: hostname, localhost
  std::string user = "mxpress";                // to become when started by root
  boost::filesystem::path spool_directory = "/var/spool/mxpress";
  boost::filesystem::path state_directory = "/var/lib/mxpress";  // what lasts and is no mail: refresh tokens
  std::uint64_t spool_reserve = 32u << 20;
  std::optional<std::uint64_t> spool_memory;  // octets; none: by what this process may have
  std::uint64_t max_message_size = 50u << 20;
  std::size_t max_recipients = 10'000;  // of one submitted message
  ListenConfig listen;
  RunnerConfig runner;
  GuardConfig guard;
  AlertsConfig alerts;
  StatusConfig status;
  DnsConfig dns;
  DeliveryConfig delivery;
  Timeouts timeouts;
  queue::RetryPolicy retry;
  LocalConfig local;
  std::map<proto::Domain, DkimConfig> dkim;
  std::optional<RouteConfig> route;           // of all destinations that have no own; none: direct
  bool is_fallback_in_force = false;          // this host cannot send directly: a `route` with `fallback` is the way
  std::map<std::string, RouteConfig> routes;  // by name; the "host:port" that a destination names is one, too
  std::map<std::string, CredentialsConfig> credentials;
  RateRules rate_rules;  // of the routes above
  SenderTable senders;
  std::optional<proto::Mailbox> redirect;    // that all mail that would leave this host goes to
  std::optional<proto::Mailbox> always_bcc;  // that gets a copy of each message that is handed in
  std::map<proto::Domain, DestinationConfig> destinations;
  std::map<std::string, DestinationConfig, std::less<>> subdomains;  // "*.DOMAIN", by DOMAIN: of domains below it
  std::shared_ptr<const routing::RouteFiles> route_files;            // what routes need of other files; null: not read, as in `mxpress`
  std::shared_ptr<const routing::AliasBook> alias_book;              // what alias_file says; null: not read
  std::shared_ptr<content::Signer> signer;                           // signs what leaves; null: nobody
  std::vector<std::string> warnings;                                 // for the log

  // The hostname; "localhost" if it is no domain.
  proto::Domain own_domain() const;
  bool is_local(const proto::Domain& domain) const;
  // The policy of one destination: its own keys over the general ones.
  queue::RetryPolicy retry_for(const proto::Domain& domain) const;
  std::size_t max_sessions_for(const proto::Domain& domain) const;
  dns::AddressFamily address_family_for(const proto::Domain& domain) const;
  // Null: direct. The way of mail that is released, too: none that holds. Valid as long as the configuration.
  // A fallback is the way only while it is in force.
  const RouteConfig* route_for(const proto::Domain& domain) const;
  // The route that holds mail for the domain, of a sender whose route is `sender_route` (a key of `routes`, kDirectRoute or empty); null:
  // none.
  const RouteConfig* holding_route(const proto::Domain& domain, std::string_view sender_route) const;
  // Whether [destination] names a way for the domain, which all mail for it takes.
  bool has_own_route(const proto::Domain& domain) const;
  boost::filesystem::path drop_directory() const { return spool_directory / "drop"; }
  boost::filesystem::path refused_directory() const { return spool_directory / "drop-refused"; }
  boost::filesystem::path mailbox_directory() const { return spool_directory / "mailbox"; }
};

inline constexpr const char* kDefaultConfigFile = "/etc/mxpress/mxpress.toml";

// Default file: kDefaultConfigFile, which need not exist; a file that was named must. Errors name file, line, and a suggestion.
Result<Config> load_config(const std::optional<boost::filesystem::path>& file);
// Where the daemon's control socket is, as far as a file with mistakes tells: to reach a daemon that runs on its older settings.
boost::filesystem::path control_socket_in(const std::optional<boost::filesystem::path>& file);
// Sets the default of [local] deliver for the daemon: automatic if this host has /var/mail and the socket of mxpress-deliver, else keep.
void choose_local_delivery(Config& config);
Result<Config> parse_config(std::string_view toml, const std::string& file_name);

// The configuration in force. Any thread. Whoever needs it takes a snapshot and keeps it for one step.
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
