// Makes routes from next hops.
#include "mta/migrate/postfix_routes.h"

#include <algorithm>

#include "mta/migrate/text.h"
#include "proto/ascii.h"

namespace mxpress::mta::migrate {
namespace {

bool has_option(const std::vector<std::string>& options, std::string_view wanted) {
  return std::any_of(options.begin(), options.end(), [&](const std::string& one) { return proto::equal_in_any_case(one, wanted); });
}

bool is_token_mechanism(const std::string& name) { return name == "XOAUTH2" || name == "OAUTHBEARER"; }

}  // namespace

Status PostfixRoutes::read() {
  if (const Status read = read_tables(); !read) return read;
  take_main();
  for (const TableEntry& entry : senders_) take_sender(entry);
  for (const TableEntry& entry : transports_) take_transport(entry);
  for (const TableEntry& entry : passwords_)
    if (!used_.contains(entry.place))
      findings_.leave(entry.place, entry.key + " " + entry.value.substr(0, entry.value.find(':')) + ":(password)");
  tell();
  return {};
}

Status PostfixRoutes::read_tables() {
  for (const auto& [name, entries] : {std::pair("smtp_sasl_password_maps", &passwords_), std::pair("smtp_tls_policy_maps", &policies_),
                                      std::pair("sender_dependent_relayhost_maps", &senders_), std::pair("transport_maps", &transports_)}) {
    auto read = config_.table(name);
    if (!read) return read.error();
    *entries = std::move(*read);
  }
  return {};
}

void PostfixRoutes::take_main() {
  const auto hops = config_.hops("relayhost");
  if (hops.empty()) return config_.take("relayhost", "nothing: mail goes straight to the hosts of its recipients");
  NewRoute& route = findings_.settings.main_route();
  set_hops(route, hops);
  sign_in(route, hops.front(), "");
  protect(route, hops.front());
  add_fallback(route);
  route.source = config_.value("smtp_bind_address");
  if (route.source == "0.0.0.0") route.source.clear();
  config_.take("relayhost", "[route] host, port");
  config_.take("smtp_bind_address", "[route] source");
}

// A route has either the mail hosts of one domain, or hosts.
void PostfixRoutes::set_hops(NewRoute& route, const std::vector<PostfixHop>& hops) {
  if (hops.size() == 1 || hops.front().has_mail_hosts) {
    route.hosts = {hops.front().key()};
    route.port = hops.front().port.value_or(25);
    if (hops.size() > 1)
      findings_.note("A route has the mail hosts of one domain: of several next hops only " + hops.front().text + " has been taken.");
    return;
  }
  for (const PostfixHop& hop : hops) {
    if (hop.has_mail_hosts)
      findings_.note("A route has hosts, or the mail hosts of one domain: " + hop.text + " has been left out.");
    else
      route.hosts.push_back(hop.key() + ":" + std::to_string(hop.port.value_or(25)));
  }
}

void PostfixRoutes::add_fallback(NewRoute& route) {
  const auto more = config_.hops("smtp_fallback_relay");
  const bool fits =
      !route.hosts.front().starts_with("mx:") && std::none_of(more.begin(), more.end(), [](const auto& hop) { return hop.has_mail_hosts; });
  if (more.empty() || !fits) return;
  if (route.port) route.hosts.front() += ":" + std::to_string(*route.port);
  route.port.reset();
  for (const PostfixHop& hop : more) route.hosts.push_back(hop.key() + ":" + std::to_string(hop.port.value_or(25)));
  config_.take("smtp_fallback_relay", "[route] host: the next where those before cannot be reached");
}

// Postfix looks up the sender (if configured), the host, and the next hop as written.
const TableEntry* PostfixRoutes::find_password(const PostfixHop& hop, const std::string& sender) {
  if (!config_.is_yes("smtp_sasl_auth_enable")) return nullptr;
  std::vector<std::string> keys;
  if (!sender.empty() && config_.is_yes("smtp_sender_dependent_authentication")) keys.push_back(sender);
  keys.insert(keys.end(), {hop.host, hop.text, "*"});
  for (const std::string& key : keys)
    for (const TableEntry& entry : passwords_)
      if (proto::equal_in_any_case(entry.key, key)) return &entry;
  return nullptr;
}

void PostfixRoutes::sign_in(NewRoute& route, const PostfixHop& hop, const std::string& sender) {
  const TableEntry* const entry = find_password(hop, sender);
  if (!entry) return;
  const auto colon = std::min(entry->value.find(':'), entry->value.size());
  const std::string user = entry->value.substr(0, colon);
  route.auth = findings_.settings.login_for(user, entry->value.substr(std::min(colon + 1, entry->value.size())));
  NewLogin& login = *findings_.settings.find_login(route.auth);
  for (const std::string& word : config_.list("smtp_sasl_mechanism_filter")) {
    const std::string name = proto::upper_case(word);
    if (is_token_mechanism(name))
      findings_.note("smtp_sasl_mechanism_filter " + word + ": an access token is no password; set oauth in [credentials." + login.name +
                     "], then mxpress setup oauth.");
    else if (!name.starts_with('!') && name.find(':') == name.npos && !has_option(login.mechanisms, name))
      login.mechanisms.push_back(name);
  }
  if (used_.insert(entry->place).second)
    findings_.take(entry->place, entry->key + " " + user + ":(password)", "[credentials." + route.auth + "] user, password_file");
}

// The effective level: from smtp_tls_policy_maps, else the parameter, else older parameters.
std::string PostfixRoutes::level_for(const PostfixHop& hop) const {
  for (const TableEntry& entry : policies_)
    if (proto::equal_in_any_case(entry.key, hop.text) || proto::equal_in_any_case(entry.key, hop.host)) {
      const auto words = words_of(entry.value);
      return words.empty() ? std::string() : words.front();
    }
  const std::string level = config_.value("smtp_tls_security_level");
  if (!level.empty()) return level;
  if (config_.is_yes("smtp_enforce_tls")) return config_.value("smtp_tls_enforce_peername") == "no" ? "encrypt" : "verify";
  return config_.is_yes("smtp_use_tls") ? "may" : "";
}

void PostfixRoutes::protect(NewRoute& route, const PostfixHop& hop) {
  const std::string level = level_for(hop);
  route.implicit = config_.is_yes("smtp_tls_wrappermode");
  const bool is_weak = level.empty() || level == "none" || level == "may";
  const bool clear = !has_option(config_.list("smtp_sasl_security_options"), "noplaintext");
  const bool in_tls = !has_option(config_.list("smtp_sasl_tls_security_options"), "noplaintext");
  const bool only_in_tls = is_weak && !clear && in_tls && !route.auth.empty();
  if (is_weak && !only_in_tls)
    findings_.protect(route, OldTls::may, route.implicit ? in_tls : clear);
  else if (level == "encrypt" || only_in_tls)
    findings_.protect(route, OldTls::encrypt, in_tls);
  else
    findings_.protect(route, OldTls::verify, false);
  if (level == "none" && route.auth.empty()) route.tls = "none";
  if (level == "fingerprint")
    findings_.note("fingerprint: [route] pin is of the public key of the host; until it is set the certificate is verified.");
  if (level == "dane" || level == "dane-only")
    findings_.note(level + ": mxpress verifies the certificate of " + hop.host + " by the authorities instead.");
  const bool verifies = route.tls.empty() ? !route.auth.empty() : route.tls == "verify";
  if (verifies) findings_.trust(route, config_.value("smtp_tls_CAfile"));
}

// Adds a route for one sender, or for one destination. An equal existing one is reused.
std::string PostfixRoutes::add_route(const PostfixHop& hop, const std::string& sender, const std::string& name) {
  NewRoute route;
  set_hops(route, {hop});
  sign_in(route, hop, sender);
  for (const NewRoute& known : findings_.settings.routes)
    if (!known.name.empty() && known.hosts == route.hosts && known.port == route.port && known.auth == route.auth) return known.name;
  route.name = findings_.settings.free_route_name(name);
  protect(route, hop);
  findings_.settings.routes.push_back(route);
  return route.name;
}

void PostfixRoutes::take_sender(const TableEntry& entry) {
  const auto hop = parse_hop(entry.value);
  if (!hop || proto::equal_in_any_case(entry.value, "DUNNO") || entry.key.find('@') == entry.key.npos)
    return findings_.leave(entry.place, entry.key + " " + entry.value);
  const auto at = entry.key.find('@');
  const std::string name = add_route(*hop, entry.key, at == 0 ? entry.key.substr(1) : entry.key.substr(0, at));
  findings_.settings.sender_routes[entry.key] = name;
  findings_.take(entry.place, entry.key + " " + entry.value, "[sender.\"" + entry.key + "\"] route = \"" + name + "\"");
}

// "DOMAIN TRANSPORT:HOP", ".DOMAIN" for its subdomains.
void PostfixRoutes::take_transport(const TableEntry& entry) {
  const auto colon = std::min(entry.value.find(':'), entry.value.size());
  const std::string transport = entry.value.substr(0, colon), next = entry.value.substr(std::min(colon + 1, entry.value.size()));
  const bool is_smtp = transport.empty() || transport == "smtp" || transport == "relay" || transport == "esmtp",
             is_hold = transport == "hold";
  const std::string domain = entry.key.starts_with('.') ? "*" + entry.key : entry.key;
  const auto hop = next.empty() ? std::nullopt : parse_hop(next);
  const bool is_domain = entry.key.find('@') == entry.key.npos && entry.key != "*";
  if (!is_domain || (!is_smtp && !is_hold) || (!next.empty() && is_smtp && !hop))
    return findings_.leave(entry.place, entry.key + " " + entry.value);
  const std::string route = is_hold ? "hold" : hop ? add_route(*hop, "", entry.key.substr(entry.key.starts_with('.') ? 1 : 0)) : "direct";
  findings_.settings.destination_routes[domain] = route;
  findings_.take(entry.place, entry.key + " " + entry.value, "[destination.\"" + domain + "\"] route = \"" + route + "\"");
}

void PostfixRoutes::tell() {
  const Settings& settings = findings_.settings;
  const NewRoute* const route = settings.find_main_route();
  const bool has_login = !settings.logins.empty();
  config_.take("smtp_sasl_auth_enable", has_login ? "[route] auth" : "nothing: nobody signs in");
  config_.take("smtp_sasl_password_maps", has_login ? "[credentials.NAME]" : "nothing: nobody signs in");
  for (const char* const name : {"smtp_sasl_security_options", "smtp_sasl_tls_security_options"})
    config_.take(name, has_login && settings.logins.front().allow_cleartext ? "[credentials.NAME] allow_cleartext" : "nothing");
  config_.take("smtp_sasl_mechanism_filter", "[credentials.NAME] mechanisms");
  config_.take("smtp_sender_dependent_authentication", "[sender] route, each with its auth");
  config_.take("sender_dependent_relayhost_maps", "[sender] route");
  config_.take("transport_maps", "[destination] route");
  const std::string tls = !route               ? "nothing: [delivery] tls is for mail without a route"
                          : route->tls.empty() ? "[route] tls = \"verify\", the default with auth"
                                               : "[route] tls";
  for (const char* const name : {"smtp_tls_security_level", "smtp_use_tls", "smtp_enforce_tls", "smtp_tls_policy_maps"})
    config_.take(name, tls);
  config_.take("smtp_tls_wrappermode", route && route->implicit ? "[route] implicit" : "nothing: the default of [route]");
  config_.take("smtp_tls_CAfile", route && !route->ca_file.empty() ? "[route] ca_file" : "nothing: the system's authorities are trusted");
  for (const char* const name : {"smtp_tls_cert_file", "smtp_tls_key_file"})
    config_.take(name, "to be done: [credentials.NAME] certificate_file, with the certificate and the key in one file");
  config_.take("defer_transports", "to be done: [destination] route = \"hold\"");
  config_.take("smtp_tls_CApath", "nothing: the system's authorities are trusted");
}

}  // namespace mxpress::mta::migrate
