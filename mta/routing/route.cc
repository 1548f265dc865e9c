// Routes of the configuration.
#include "mta/routing/route.h"

#include <utility>

#include "mta/config/config.h"
#include "mta/routing/route_files.h"
#include "proto/envelope.h"

namespace mxpress::mta::routing {
namespace {

using net::TlsPolicy;

// Made once, because most messages use it.
const TlsPolicy& usual_policy(const DeliveryConfig& delivery) {
  static const TlsPolicy may = TlsPolicy::may("[delivery] tls");
  static const TlsPolicy none = TlsPolicy::none("[delivery] tls");
  return delivery.tls ? may : none;
}

// A route that sends a password requires a certificate unless the administrator says otherwise.
RouteTls demanded(const RouteConfig& route, const DeliveryConfig& delivery) {
  if (route.tls) return *route.tls;
  if (route.implicit_tls || route.pinned_key || route.ca_file || !route.credentials.empty()) return RouteTls::verify;
  return delivery.tls ? RouteTls::may : RouteTls::none;
}

// The DNS may lie about the mail hosts of a domain: only names below the domain are accepted, each with a certificate for its own name.
TlsPolicy verify_mail_hosts(const proto::Domain& domain, const RouteConfig& route, std::shared_ptr<const net::TrustAnchors> anchors) {
  std::vector<net::MxPattern> patterns;
  for (const std::string& text : {domain.text(), "*." + domain.text()})
    if (auto pattern = net::MxPattern::parse(text)) patterns.push_back(std::move(*pattern));
  return TlsPolicy::sts(std::move(patterns), net::StsMode::enforce, route.source, std::move(anchors));
}

TlsPolicy verify(const RouteConfig& route, std::shared_ptr<const net::TrustAnchors> anchors) {
  if (route.pinned_key) return TlsPolicy::dane({{3, 1, 1, *route.pinned_key}}, route.source + " pin");  // RFC 6698 2.1: the host's key
  if (route.next_hops.mail_hosts_of) return verify_mail_hosts(*route.next_hops.mail_hosts_of, route, std::move(anchors));
  std::vector<net::ReferenceName> names;
  for (const HostPort& host : route.next_hops.hosts)
    if (auto name = net::ReferenceName::parse(host.host)) names.push_back(std::move(*name));
  return TlsPolicy::verify(std::move(names), route.source, std::move(anchors));
}

TlsPolicy policy_of(const RouteConfig& route, const DeliveryConfig& delivery, std::shared_ptr<const net::TrustAnchors> anchors) {
  switch (demanded(route, delivery)) {
    case RouteTls::none:
      return TlsPolicy::none(route.source);
    case RouteTls::may:
      return TlsPolicy::may(route.source);
    case RouteTls::encrypt:
      return TlsPolicy::encrypt(route.source);
    case RouteTls::verify:
      break;
  }
  return verify(route, std::move(anchors));
}

std::string limit_of(const RouteConfig& route, const Config& config) {
  std::string key = rate_key(route);
  return config.rate_rules.contains(key) ? key : std::string();
}

Route configured(const RouteConfig& chosen, const Config& config) {
  Route route;
  std::shared_ptr<const net::TrustAnchors> anchors;
  if (chosen.ca_file && config.route_files) anchors = config.route_files->anchors(*chosen.ca_file);
  if (chosen.ca_file && !anchors)
    route.failure = "The authorities in " + chosen.ca_file->string() + ", " + chosen.source + " ca_file, cannot be read";
  if (!chosen.credentials.empty() && config.route_files) route.login = config.route_files->login(chosen.credentials);
  if (!chosen.credentials.empty() && !route.login)
    route.failure = "The password of [credentials." + chosen.credentials + "] has not been read";
  route.next_hops = chosen.next_hops;
  route.port = chosen.port_or(config.delivery.port);
  route.tls = policy_of(chosen, config.delivery, std::move(anchors));
  route.implicit_tls = chosen.implicit_tls;
  route.from_address = chosen.from_address;
  route.author = chosen.author;
  if (!config.rate_rules.empty()) route.limit = limit_of(chosen, config);
  route.source = chosen.source;
  return route;
}

Route direct(const Config& config) {
  Route route;
  route.port = config.delivery.port;
  route.tls = usual_policy(config.delivery);
  return route;
}

Route to_local_program(const Config& config) {
  const LocalDelivery delivery = config.local.delivery();
  Route route;
  route.is_lmtp = true;
  route.source = "[local] deliver";
  const bool is_socket = !delivery.lmtp_socket.empty();
  route.tls = is_socket ? TlsPolicy::none(route.source) : usual_policy(config.delivery);
  route.next_hops.hosts.push_back(is_socket ? HostPort{delivery.lmtp_socket.string(), 0} : delivery.lmtp_host);
  return route;
}

}  // namespace

bool Route::heeds_dns_policies() const { return is_direct() && wish != proto::TlsWish::waive; }

Route route_for(const Config& config, const proto::Domain& domain) {
  const RouteConfig* chosen = config.route_for(domain);
  return chosen ? configured(*chosen, config) : direct(config);
}

namespace {

Route by_name(const Config& config, DestinationRef destination) {
  const std::string_view name = destination.route();
  if (name.empty()) return route_for(config, *destination.domain());
  const auto named = config.routes.find(std::string(name));
  return named == config.routes.end() ? direct(config) : configured(named->second, config);
}

}  // namespace

// A name that is no longer in the configuration belongs to no message: its jobs find their new destinations when they read theirs.
Route route_for(const Config& config, DestinationRef destination) {
  if (destination.is_local()) return to_local_program(config);
  Route route = by_name(config, destination);
  route.wish = destination.tls();
  return route;
}

}  // namespace mxpress::mta::routing
