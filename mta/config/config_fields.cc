// Every key of the configuration, once: how its value is read and shown.
#include "mta/config/config_fields.h"

#include "mta/config/alias_kinds.h"
#include "mta/config/config_kinds.h"
#include "mta/config/oauth_kinds.h"
#include "mta/config/route_kinds.h"
#include "mta/config/sender_kinds.h"

namespace mxpress::mta::config {
namespace {

template <class T>
ConfigField field(std::string table, std::string name, T& target, Kind<T> kind) {
  return {std::move(table), std::move(name),
          [&target, parse = kind.parse](const ConfigValue& value) -> Status {
            auto parsed = parse(value);
            if (!parsed) return parsed.error();
            target = std::move(*parsed);
            return {};
          },
          [&target, format = kind.format] { return format(target); }};
}

constexpr Duration kSecond = std::chrono::seconds(1);
constexpr Duration kDay = std::chrono::hours(24);

void add_general(std::vector<ConfigField>& fields, Config& config) {
  fields.push_back(field("", "hostname", config.hostname, host_name()));
  fields.push_back(field("", "local_domains", config.local_domains, list_of("a list of domains", domain())));
  fields.push_back(field("", "sender_domain", config.sender_domain, maybe(domain())));
  fields.push_back(field("", "redirect", config.redirect, maybe(mailbox())));
  fields.push_back(field("", "always_bcc", config.always_bcc, maybe(mailbox())));
  fields.push_back(field("", "user", config.user, user_name()));
  fields.push_back(field("", "state_directory", config.state_directory, path()));
  fields.push_back(field("", "max_message_size", config.max_message_size, size(1024)));
  fields.push_back(
      field("", "max_recipients", config.max_recipients, count<std::size_t>(100, 100'000)));  // RFC 5321 4.5.3.1.8: at least 100
}

void add_spool(std::vector<ConfigField>& fields, Config& config) {
  fields.push_back(field("spool", "directory", config.spool_directory, path()));
  fields.push_back(field("spool", "reserve", config.spool_reserve, size(1 << 20)));
  fields.push_back(field("spool", "memory", config.spool_memory, maybe(size(16 << 20))));
}

void add_listen(std::vector<ConfigField>& fields, ListenConfig& listen) {
  fields.push_back(field("listen", "smtp", listen.smtp, list_of("a list of addresses with ports", listen_address())));
  fields.back().read = [read = fields.back().read, &listen](const ConfigValue& value) {
    listen.smtp_is_default = false;
    return read(value);
  };
  fields.push_back(field("listen", "allow", listen.allow, list_of("a list of networks", network())));
  fields.push_back(field("listen", "submission_socket", listen.submission_socket, socket_path()));
  fields.push_back(field("listen", "control_socket", listen.control_socket, socket_path()));
}

void add_runner(std::vector<ConfigField>& fields, RunnerConfig& runner) {
  fields.push_back(field("runner", "socket", runner.socket, socket_path()));
  fields.push_back(field("runner", "timeout", runner.timeout, duration(kSecond, std::chrono::minutes(10))));
}

void add_guard(std::vector<ConfigField>& fields, GuardConfig& guard) {
  fields.push_back(field("guard", "rate", guard.rate, rate()));
  fields.push_back(field("guard", "burst", guard.burst, count<std::uint64_t>(0, Rate::kMost)));
  fields.push_back(field("guard", "exempt", guard.exempt, local_users()));
}

void add_alerts(std::vector<ConfigField>& fields, AlertsConfig& alerts) {
  fields.push_back(field("alerts", "to", alerts.to, alert_recipient()));
  fields.push_back(field("alerts", "command", alerts.command, command()));
}

void add_status(std::vector<ConfigField>& fields, StatusConfig& status) {
  fields.push_back(field("status", "oldest", status.oldest, duration_or_zero(kDay * 365)));
  fields.push_back(field("status", "failures", status.failures, count<std::uint64_t>(1, 100)));
  fields.push_back(field("status", "least", status.least, count<std::uint64_t>(1, 1'000'000)));
}

void add_notices(std::vector<ConfigField>& fields, std::string& language) {
  fields.push_back(field("notices", "language", language, optional_text("a language such as \"zh-Hans\"")));
}

void add_history(std::vector<ConfigField>& fields, HistoryConfig& history) {
  fields.push_back(field("history", "keep", history.keep, duration_or_zero(kDay * 3650)));
  fields.push_back(field("history", "max_size", history.max_size, size(1 << 20)));
  fields.push_back(field("history", "dialogues", history.dialogues, size(1 << 20)));
}

void add_doctor(std::vector<ConfigField>& fields, DoctorConfig& doctor) {
  fields.push_back(field("doctor", "addresses", doctor.addresses, list_of("a list of addresses", public_address())));
  fields.push_back(field("doctor", "probe_domains", doctor.probe_domains, list_of("a list of domains", domain())));
  fields.push_back(field("doctor", "block_lists", doctor.block_lists, list_of("a list of domains", domain())));
  fields.push_back(field("doctor", "timeout", doctor.timeout, duration(kSecond, std::chrono::minutes(10))));
}

void add_dns(std::vector<ConfigField>& fields, DnsConfig& dns) {
  fields.push_back(field("dns", "servers", dns.servers, list_of("a list of addresses", name_server())));
  fields.push_back(field("dns", "trusted", dns.trusted, flag()));
  fields.push_back(field("dns", "timeout", dns.timeout, maybe(duration(Duration(100), std::chrono::seconds(60)))));
  fields.push_back(field("dns", "attempts", dns.attempts, maybe(count<int>(1, 10))));
  fields.push_back(field("dns", "resolv_conf", dns.resolv_conf, path()));
  fields.push_back(field("dns", "validate", dns.validate, validate()));
  fields.push_back(field("dns", "trust_anchor", dns.trust_anchor, path()));
  fields.push_back(field("dns", "root_hints", dns.root_hints, path_or_none()));
}

void add_delivery(std::vector<ConfigField>& fields, DeliveryConfig& delivery) {
  fields.push_back(field("delivery", "port", delivery.port, count<std::uint16_t>(1, 65535)));
  fields.push_back(field("delivery", "workers", delivery.workers, count<std::size_t>(0, 64)));
  fields.push_back(field("delivery", "address_family", delivery.address_family, family()));
  fields.push_back(field("delivery", "allow_addresses", delivery.allow_addresses, list_of("a list of networks", network())));
  fields.push_back(field("delivery", "max_sessions", delivery.max_sessions, count<std::size_t>(4, 10'000)));
  fields.push_back(field("delivery", "max_sessions_per_site", delivery.max_sessions_per_site, count<std::size_t>(1, 1000)));
  fields.push_back(field("delivery", "max_recipients", delivery.max_recipients, count<std::size_t>(1, 1000)));
  fields.push_back(field("delivery", "tls", delivery.tls, flag()));
  fields.push_back(field("tls", "legacy", delivery.legacy_tls, flag()));
  fields.push_back(field("delivery", "dane", delivery.dane, flag()));
  fields.push_back(field("delivery", "mta_sts", delivery.mta_sts, flag()));
}

void add_tls(std::vector<ConfigField>& fields, TlsReportsConfig& reports) {
  fields.push_back(field("tls", "reports", reports.enabled, flag()));
  fields.push_back(field("tls", "reports_from", reports.from, maybe(mailbox())));
}

void add_timeouts(std::vector<ConfigField>& fields, Timeouts& timeouts) {
  const auto add = [&](const char* name, Duration& target) { fields.push_back(field("timeouts", name, target, duration(kSecond, kDay))); };
  add("connect", timeouts.connect);
  add("greeting", timeouts.greeting);
  add("hello", timeouts.hello);
  add("tls", timeouts.tls);
  add("mail", timeouts.mail);
  add("rcpt", timeouts.rcpt);
  add("data", timeouts.data);
  add("block", timeouts.block);
  add("dot", timeouts.dot);
  add("quit", timeouts.quit);
  add("session", timeouts.session);
  add("server_idle", timeouts.server_idle);
}

void add_retry(std::vector<ConfigField>& fields, queue::RetryPolicy& retry) {
  fields.push_back(field("retry", "schedule", retry.schedule, schedule()));
  fields.push_back(field("retry", "lifetime", retry.lifetime, duration_or_zero(kDay * 365)));
  fields.push_back(field("retry", "held_lifetime", retry.held_lifetime, duration(std::chrono::minutes(1), kDay * 365)));
  fields.push_back(field("retry", "delay_notice", retry.delay_notice, duration_or_zero(kDay * 365)));
  fields.push_back(field("retry", "own_fault_lifetime", retry.own_fault_lifetime, duration_or_zero(kDay * 365)));
  fields.push_back(field("retry", "outage_lifetime", retry.outage_lifetime, duration_or_zero(kDay * 365)));
}

// A retry field of a destination: the first one that is set copies the general policy.
ConfigField own_retry(std::optional<queue::RetryPolicy>& target, const queue::RetryPolicy& general, std::size_t index) {
  const auto inner = [](queue::RetryPolicy& policy) {
    std::vector<ConfigField> fields;
    add_retry(fields, policy);
    return fields;
  };
  queue::RetryPolicy names;
  return {"retry", inner(names)[index].name,
          [&target, &general, inner, index](const ConfigValue& value) {
            if (!target) target = general;
            return inner(*target)[index].read(value);
          },
          [&target, inner, index] { return target ? inner(*target)[index].show() : std::string(); }};
}

// For a destination or a sender.
ConfigField route_field(std::string& target) {
  return field("", "route", target,
               optional_text("\"direct\", \"hold\", the NAME of a [route.NAME], or a host such as \"mail.example.com:25\""));
}

}  // namespace

std::vector<ConfigField> fields_of(Config& config) {
  std::vector<ConfigField> fields;
  add_general(fields, config);
  add_spool(fields, config);
  add_listen(fields, config.listen);
  add_runner(fields, config.runner);
  add_guard(fields, config.guard);
  add_alerts(fields, config.alerts);
  add_status(fields, config.status);
  add_notices(fields, config.notices_language);
  add_history(fields, config.history);
  add_doctor(fields, config.doctor);
  add_dns(fields, config.dns);
  add_delivery(fields, config.delivery);
  add_tls(fields, config.tls_reports);
  add_timeouts(fields, config.timeouts);
  add_retry(fields, config.retry);
  fields.push_back(field("local", "aliases", config.local.aliases, aliases()));
  fields.push_back(field("local", "alias_file", config.local.alias_file, path_or_none()));
  fields.push_back(field("local", "unknown_users", config.local.unknown_users, unknown_users()));
  fields.push_back(field("local", "senders", config.local.senders, senders()));
  fields.push_back(field("local", "deliver", config.local.deliver, maybe(local_delivery())));
  fields.push_back(field("local", "deliver_socket", config.local.deliver_socket, socket_path()));
  fields.push_back(field("local", "allow_commands", config.local.allow_commands, flag()));
  fields.push_back(field("local", "command_user", config.local.command_user, user_name()));
  fields.push_back(field("local", "command_socket", config.local.command_socket, socket_path()));
  fields.push_back(field("local", "mailbox_limit", config.local.mailbox_limit, size(1 << 20)));
  return fields;
}

std::vector<ConfigField> fields_of(DestinationConfig& destination, const queue::RetryPolicy& general) {
  std::vector<ConfigField> fields;
  fields.push_back(route_field(destination.route));
  fields.push_back(field("", "max_sessions", destination.max_sessions, maybe(count<std::size_t>(1, 1000))));
  fields.push_back(field("", "address_family", destination.address_family, maybe(family())));
  for (std::size_t index = 0; index < 5; ++index) fields.push_back(own_retry(destination.retry, general, index));
  return fields;
}

std::vector<ConfigField> fields_of(DkimConfig& dkim) {
  return {field("", "keys", dkim.keys, key_files()), field("", "next", dkim.next, key_files()),
          field("", "sign", dkim.sign, maybe(sign_when()))};
}

std::vector<ConfigField> fields_of(RouteConfig& route) {
  std::vector<ConfigField> fields;
  fields.push_back(field("", "provider", route.provider, optional_text("the name of a provider")));
  fields.push_back(field("", "host", route.next_hops, next_hops()));
  fields.push_back(field("", "port", route.port, maybe(count<std::uint16_t>(1, 65535))));
  fields.push_back(field("", "tls", route.tls, maybe(route_tls())));
  fields.push_back(field("", "implicit", route.implicit_tls, flag()));
  fields.push_back(field("", "ca_file", route.ca_file, maybe(path())));
  fields.push_back(field("", "pin", route.pinned_key, maybe(key_digest())));
  fields.push_back(field("", "transport", route.transport, route_transport()));
  fields.push_back(field("", "from", route.author, maybe(mailbox())));
  fields.push_back(field("", "rate", route.rate, rates()));
  fields.push_back(field("", "recipient_rate", route.recipient_rate, rates()));
  fields.push_back(field("", "source", route.from_address, maybe(ip_address())));
  fields.push_back(field("", "auth", route.credentials, optional_text("the NAME of a [credentials.NAME]")));
  fields.push_back(field("", "fallback", route.fallback, flag()));
  return fields;
}

std::vector<ConfigField> fields_of(SenderConfig& sender) {
  std::vector<ConfigField> fields;
  fields.push_back(route_field(sender.route));
  fields.push_back(field("", "users", sender.users, maybe(local_users())));
  fields.push_back(field("", "others", sender.others, others()));
  return fields;
}

std::vector<ConfigField> fields_of(CredentialsConfig& credentials) {
  std::vector<ConfigField> fields;
  fields.push_back(field("", "user", credentials.user, optional_text("the name to sign in with")));
  fields.push_back(field("", "password_file", credentials.password_file, maybe(path())));
  fields.push_back(field("", "password_credential", credentials.password_credential, optional_text("the name of a credential of systemd")));
  fields.push_back(field("", "password_command", credentials.password_command, command()));
  fields.push_back(field("", "certificate_file", credentials.certificate_file, maybe(path())));
  fields.push_back(field("", "mechanisms", credentials.mechanisms, list_of("a list of SASL mechanisms", sasl_mechanism())));
  fields.push_back(field("", "allow_cleartext", credentials.allow_cleartext, flag()));
  fields.push_back(field("", "oauth", credentials.oauth, maybe(oauth())));
  fields.push_back(field("", "client_id", credentials.client_id, optional_text("the id of a client, as the OAuth provider shows it")));
  fields.push_back(field("", "client_secret_file", credentials.client_secret_file, maybe(path())));
  return fields;
}

std::vector<ConfigField> fields_of(OAuthConfig& oauth) {
  std::vector<ConfigField> fields;
  fields.push_back(field("", "provider", oauth.provider, oauth_provider()));
  fields.push_back(field("", "tenant", oauth.tenant, oauth_tenant()));
  fields.push_back(field("", "token_url", oauth.token_url, maybe(https_url())));
  fields.push_back(field("", "device_url", oauth.device_url, maybe(https_url())));
  fields.push_back(field("", "authorization_url", oauth.authorization_url, maybe(https_url())));
  fields.push_back(field("", "scope", oauth.scope, optional_text("what the token is for, as the provider names it")));
  fields.push_back(field("", "ca_file", oauth.ca_file, maybe(path())));
  fields.push_back(field("", "allow_addresses", oauth.allow_addresses, list_of("a list of networks", network())));
  return fields;
}

std::vector<ConfigSection> sections_of(Config& config) {
  std::vector<ConfigSection> sections;
  for (auto& [domain, dkim] : config.dkim) sections.push_back({"dkim.\"" + domain.text() + "\"", fields_of(dkim)});
  if (config.route) sections.push_back({"route", fields_of(*config.route)});
  for (auto& [name, route] : config.routes)
    if (route.source == "[route." + name + "]") sections.push_back({"route." + name, fields_of(route)});
  for (auto& [name, credentials] : config.credentials) sections.push_back({"credentials." + name, fields_of(credentials)});
  for (auto& [address, sender] : config.senders) sections.push_back({"sender.\"" + address + "\"", fields_of(sender)});
  for (auto& [domain, destination] : config.destinations)
    sections.push_back({"destination.\"" + domain.text() + "\"", fields_of(destination, config.retry)});
  for (auto& [domain, destination] : config.subdomains)
    sections.push_back({"destination.\"*." + domain + "\"", fields_of(destination, config.retry)});
  return sections;
}

}  // namespace mxpress::mta::config
