// Routes from the configuration.
#include "mta/routing/route.h"

#include <catch2/catch.hpp>

namespace mxpress::testing {
namespace {

using mta::net::TlsPolicy;

TEST_CASE("route: [delivery] tls gives the policy, and a destination's own route the next hop") {
  const auto there = proto::Domain::parse("there.example").value(), other = proto::Domain::parse("other.example").value();
  const mta::Config config = mta::parse_config("[destination.\"there.example\"]\nroute = \"hub.example:2525\"\n", "x.toml").value();
  const auto route = mta::routing::route_for(config, there);
  CHECK(route.next_hop == mta::HostPort{"hub.example", 2525});
  CHECK(route.tls == TlsPolicy::may());
  CHECK(route.tls.source() == "[delivery] tls");
  CHECK(mta::routing::route_for(config, other) == mta::routing::usual_route(config));
  CHECK_FALSE(mta::routing::usual_route(config).next_hop);
  const mta::Config without = mta::parse_config("[delivery]\ntls = false\n", "x.toml").value();
  CHECK(mta::routing::route_for(without, there).tls == TlsPolicy::none());
}

}  // namespace
}  // namespace mxpress::testing
