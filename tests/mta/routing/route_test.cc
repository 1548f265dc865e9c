// Routes from the configuration.
#include "mta/routing/route.h"

#include <catch2/catch.hpp>

#include "mta/auth/current_login.h"
#include "mta/auth/login.h"
#include "mta/auth/login_keeper.h"
#include "mta/auth/login_sources.h"
#include "mta/config/config.h"
#include "mta/routing/route_files.h"
#include "proto/encoding.h"

namespace mxpress::testing {
namespace {

using mta::HostPort;
using mta::net::TlsPolicy;
using mta::routing::Route;
using Kind = TlsPolicy::Kind;

Route route_of(const std::string& toml, const std::string& domain = "there.example") {
  auto config = mta::parse_config(toml, "x.toml");
  INFO((config ? "" : config.error().message));
  REQUIRE(config);
  config->route_files = mta::routing::RouteFiles::load(*config, mta::auth::LoginKeeper(mta::auth::make_login_source).configure(*config));
  return mta::routing::route_for(*config, proto::Domain::parse(domain).value());
}

const std::string kLogin = "[credentials.me]\nuser = \"me\"\npassword_file = \"/nowhere/password\"\n";

}  // namespace

TEST_CASE("route: without one mail goes to the domain's own mail hosts, and [delivery] tls gives the policy") {
  const Route route = route_of("");
  CHECK(route.is_direct());
  CHECK(route.tls == TlsPolicy::may());
  CHECK(route.tls.source() == "[delivery] tls");
  CHECK(route_of("[delivery]\ntls = false\n").tls == TlsPolicy::none());
}

TEST_CASE("route: a destination's own one goes before that of its parents, and both before [route]") {
  const std::string toml =
      "[route]\nhost = \"all.example\"\n[route.office]\nhost = \"office.example:26\"\n"
      "[destination.\"there.example\"]\nroute = \"hub.example:2525\"\n"
      "[destination.\"*.there.example\"]\nroute = \"office\"\n"
      "[destination.\"*.deep.there.example\"]\nroute = \"direct\"\n"
      "[destination.\"plain.example\"]\nmax_sessions = 3\n";
  const auto host_for = [&](const std::string& domain) {
    const Route route = route_of(toml, domain);
    return route.is_direct() ? "direct" : route.next_hops.hosts.at(0).host;
  };
  CHECK(host_for("there.example") == "hub.example");
  CHECK(host_for("a.there.example") == "office.example");
  CHECK(host_for("a.b.there.example") == "office.example");
  CHECK(host_for("a.deep.there.example") == "direct");
  CHECK(host_for("deep.there.example") == "office.example");
  CHECK(host_for("nowhere.example") == "all.example");
  CHECK(host_for("plain.example") == "all.example");
  CHECK(host_for("here.example") == "all.example");
}

TEST_CASE("route: port and TLS where they are not stated") {
  struct Row {
    std::string keys;
    std::uint16_t port;
    Kind tls;
  };
  const std::string pin = "pin = \"sha256/" + proto::base64(std::string(32, 'k')) + "\"\n";
  const std::vector<Row> rows = {
      {"", 25, Kind::may},
      {"port = 2525\n", 2525, Kind::may},
      {"tls = \"none\"\n", 25, Kind::none},
      {"tls = \"encrypt\"\n", 25, Kind::encrypt},
      {"tls = \"verify\"\n", 25, Kind::verify},
      {"auth = \"me\"\n", 587, Kind::verify},
      {"auth = \"me\"\ntls = \"may\"\n", 587, Kind::may},
      {"auth = \"me\"\nport = 25\n", 25, Kind::verify},
      {"implicit = true\n", 465, Kind::verify},
      {"implicit = true\nauth = \"me\"\ntls = \"encrypt\"\n", 465, Kind::encrypt},
      {pin, 25, Kind::dane},
  };
  for (const Row& row : rows) {
    INFO(row.keys);
    const Route route = route_of("[route]\nhost = \"hub.example\"\n" + row.keys + kLogin);
    CHECK(route.port == row.port);
    CHECK(route.tls.kind() == row.tls);
    CHECK(route.failure == "");
  }
}

TEST_CASE("route: a certificate must be for one of the hosts that are named, or for a mail host below the domain") {
  const Route hosts = route_of("[route]\nhost = [\"one.example\", \"two.example:26\"]\ntls = \"verify\"\n");
  REQUIRE(hosts.tls.names().size() == 2);
  CHECK(hosts.tls.names()[1].text() == "two.example");
  CHECK(hosts.next_hops.hosts == std::vector<HostPort>{{"one.example", 0}, {"two.example", 26}});
  const Route mx = route_of("[route]\nhost = \"mx:provider.example\"\ntls = \"verify\"\n");
  CHECK(mx.next_hops.mail_hosts_of->text() == "provider.example");
  CHECK(mx.tls.allows_host("mx1.provider.example"));
  CHECK_FALSE(mx.tls.allows_host("mx1.elsewhere.example"));
}

TEST_CASE("route: a password or authority that cannot be read stops the mail of this route alone, and is told") {
  auto config =
      mta::parse_config("[route.a]\nhost = \"a.example\"\nauth = \"me\"\n[route.b]\nhost = \"b.example\"\nca_file = \"/nowhere/ca.pem\"\n" +
                            kLogin + "[destination.\"a.example\"]\nroute = \"a\"\n[destination.\"b.example\"]\nroute = \"b\"\n",
                        "x.toml")
          .value();
  mta::auth::LoginKeeper logins(mta::auth::make_login_source);
  config.route_files = mta::routing::RouteFiles::load(config, logins.configure(config));
  const auto route_to = [&](const std::string& domain) { return mta::routing::route_for(config, proto::Domain::parse(domain).value()); };
  REQUIRE(route_to("a.example").login);
  CHECK_THAT(route_to("a.example").login->get()->failure, Catch::Contains("/nowhere/password"));
  CHECK_THAT(route_to("b.example").failure, Catch::Contains("/nowhere/ca.pem"));
  CHECK(route_to("c.example").failure == "");
  CHECK(config.route_files->failures().size() == 1);
  REQUIRE(logins.failures().size() == 1);
  CHECK_THAT(logins.failures()[0], Catch::StartsWith("[credentials.me]: ") && Catch::Contains("/nowhere/password"));
}

}  // namespace mxpress::testing
