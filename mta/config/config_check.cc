// Finds keys that contradict each other, or need each other.
#include "mta/config/config_check.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>

#include "mta/config/config.h"
#include "mta/config/config_reader.h"
#include "mta/config/endpoint.h"
#include "mta/config/oauth_config.h"

namespace mxpress::mta::config {
namespace {

void check_listeners(const Config& config, ConfigReader& reader) {
  if (!config.listen.allow.empty()) return;
  for (const std::string& text : config.listen.smtp) {
    const auto endpoint = parse_endpoint(text);
    if (endpoint && dns::is_loopback(endpoint->address)) continue;
    reader.complain(reader.line_of("listen.smtp"),
                    "[listen] smtp: " + text +
                        " is reachable from other hosts, so [listen] allow must list the networks that may send "
                        "through it, such as allow = [\"192.0.2.0/24\"]");
  }
}

// Checks other keys that a route needs.
void check_route(const Config& config, const RouteConfig& route, ConfigReader& reader) {
  const std::string shown = route.source.substr(1, route.source.size() - 2);
  const auto complain = [&](const std::string& key, const std::string& what) {
    reader.complain(std::max(reader.line_of(shown), reader.line_of(shown + "." + key)), route.source + " " + key + what);
  };
  const bool is_clear = route.tls == RouteTls::none || route.tls == RouteTls::may;
  if (route.transport == RouteTransport::hold) {
    if (!route.next_hops.empty()) complain("transport", " = \"hold\" sends nothing: remove host, or this key");
    return;
  }
  if (route.next_hops.empty()) complain("host", " is missing: the host that takes the mail, such as \"smtp.example.com\"");
  if (!route.credentials.empty() && !config.credentials.contains(route.credentials))
    complain("auth", ": there is no [credentials." + route.credentials + "]");
  const auto login = config.credentials.find(route.credentials);
  if (login != config.credentials.end() && !login->second.allow_cleartext && route.next_hops.mail_hosts_of && route.tls &&
      *route.tls != RouteTls::verify)
    complain("auth", ": with host = \"mx:...\" the DNS names the host that is shown the password, so tls must be \"verify\"");
  if (route.implicit_tls && is_clear) complain("implicit", " = true begins with TLS: set tls to \"verify\" or \"encrypt\"");
  if (route.pinned_key && route.tls && *route.tls != RouteTls::verify) complain("pin", " is only asked for with tls = \"verify\"");
  if (route.pinned_key && route.ca_file) complain("pin", " and ca_file: set one of them");
}

using Complain = std::function<void(const std::string& what)>;

// A mechanism never shows a secret of another kind.
void check_mechanisms(const CredentialsConfig& credentials, const Complain& complain) {
  const auto is_for_others = [&](const std::string& mechanism) { return kind_of_mechanism(mechanism) != credentials.kind(); };
  if (std::any_of(credentials.mechanisms.begin(), credentials.mechanisms.end(), is_for_others))
    complain("mechanisms: EXTERNAL is for certificate_file, OAUTHBEARER and XOAUTH2 are for access tokens, the others for passwords");
}

void check_oauth(const CredentialsConfig& credentials, const Complain& complain) {
  const OAuthEndpoints endpoints = endpoints_of(*credentials.oauth);
  const OAuthConfig& oauth = *credentials.oauth;
  if (credentials.password_file || !credentials.password_credential.empty() || !credentials.password_command.empty() ||
      credentials.certificate_file)
    complain("oauth and a password or certificate_file: set one of them");
  if (credentials.client_id.empty())
    complain("client_id is missing: the id of this host's client, which the OAuth provider shows where it is registered");
  if (!endpoints.token) complain("oauth: token_url is missing, or provider");
  if (endpoints.scope.empty()) complain("oauth: scope is missing: what the token is for");
  if (!endpoints.device && !endpoints.authorization)
    complain("oauth: device_url or authorization_url is missing, which mxpress setup oauth needs");
  if (!oauth.tenant.empty() && oauth.provider != kMicrosoft) complain("oauth: tenant is for provider = \"microsoft\"");
}

void check_credentials(const std::string& name, const CredentialsConfig& credentials, ConfigReader& reader) {
  const std::string shown = "credentials." + name;
  const auto complain = [&](const std::string& what) { reader.complain(reader.line_of(shown), "[" + shown + "] " + what); };
  if (credentials.user.empty() && !credentials.certificate_file)
    complain("user is missing: the name to sign in with, often a mail address");
  check_mechanisms(credentials, complain);
  if (credentials.oauth) return check_oauth(credentials, complain);
  if (!credentials.client_id.empty() || credentials.client_secret_file)
    complain("client_id and client_secret_file are for oauth, which is missing");
  const int sources = int(credentials.password_file.has_value()) + int(!credentials.password_credential.empty()) +
                      int(!credentials.password_command.empty()) + int(credentials.certificate_file.has_value());
  if (sources == 0)
    complain("password_file is missing: a file that only root and mxpress can read, with the password in one line; or password_command");
  if (sources > 1) complain("password_file, password_credential, password_command and certificate_file: set one of them");
}

// Routes that share an account have one limit, so only one of them may set it.
void check_rates(const Config& config, const std::string& key, const std::vector<Rate> RouteConfig::* rates, ConfigReader& reader) {
  std::map<std::string, const RouteConfig*> firsts;  // by credentials
  const auto check = [&](const RouteConfig& route) {
    if (route.credentials.empty() || (route.*rates).empty()) return;
    const RouteConfig& first = *firsts.emplace(route.credentials, &route).first->second;
    if (first.*rates == route.*rates) return;
    const std::string shown = route.source.substr(1, route.source.size() - 2);
    reader.complain(std::max(reader.line_of(shown), reader.line_of(shown + "." + key)),
                    route.source + " " + key + " differs from that of " + first.source + ", which signs in with the same auth = \"" +
                        route.credentials + "\": they share one limit, so write the same in both, or write it in one of them");
  };
  if (config.route) check(*config.route);
  for (const auto& [name, route] : config.routes) check(route);
}

void check_routes(const Config& config, ConfigReader& reader) {
  if (config.route) check_route(config, *config.route, reader);
  for (const auto& [name, route] : config.routes)
    if (route.source.starts_with("[route.")) check_route(config, route, reader);
  for (const auto& [name, route] : config.routes)
    if (route.fallback)
      reader.complain(reader.line_of("route." + name + ".fallback"),
                      route.source + " fallback: only [route], the way of all mail, can be one that is used when direct delivery fails");
  if (config.route && config.route->fallback && config.route->transport == RouteTransport::hold)
    reader.complain(reader.line_of("route.fallback"), "[route] fallback: a route that holds mail sends none");
  for (const auto& [name, credentials] : config.credentials) check_credentials(name, credentials, reader);
  check_rates(config, "rate", &RouteConfig::rate, reader);
  check_rates(config, "recipient_rate", &RouteConfig::recipient_rate, reader);
}

}  // namespace

void check_whole(const Config& config, ConfigReader& reader) {
  check_listeners(config, reader);
  if (reader.result()) check_routes(config, reader);                  // otherwise a key that seems missing may be misspelt
  const bool has_one_attempt = config.retry.lifetime == Duration(0);  // a delay is reported by the final notice
  if (!has_one_attempt && config.retry.delay_notice >= config.retry.lifetime)
    reader.complain(std::max(reader.line_of("retry.delay_notice"), reader.line_of("retry.lifetime")),
                    "[retry] delay_notice must be shorter than lifetime (\"0\" for no such notice)");
  if (config.listen.submission_socket == config.listen.control_socket)
    reader.complain(std::max(reader.line_of("listen.submission_socket"), reader.line_of("listen.control_socket")),
                    "[listen] submission_socket and control_socket must differ");
  if (config.delivery.max_sessions_per_site > config.delivery.max_sessions)
    reader.complain(std::max(reader.line_of("delivery.max_sessions_per_site"), reader.line_of("delivery.max_sessions")),
                    "[delivery] max_sessions_per_site must not be over max_sessions");
}

}  // namespace mxpress::mta::config
