// Routes as the configuration has them.
#include "mta/routing/route.h"

#include "mta/config/config.h"

namespace mxpress::mta::routing {
namespace {

// Made once, because most messages take it along.
const net::TlsPolicy& policy_of(const DeliveryConfig& delivery) {
  static const net::TlsPolicy may = net::TlsPolicy::may("[delivery] tls");
  static const net::TlsPolicy none = net::TlsPolicy::none("[delivery] tls");
  return delivery.tls ? may : none;
}

}  // namespace

Route usual_route(const Config& config) {
  Route route;
  route.tls = policy_of(config.delivery);
  return route;
}

Route route_for(const Config& config, const proto::Domain& domain) {
  Route route = usual_route(config);
  route.next_hop = config.next_hop_for(domain);
  return route;
}

}  // namespace mxpress::mta::routing
