// Messages that may share a session, and messages that must not.
#include <array>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "mta/auth/current_login.h"
#include "mta/auth/login.h"
#include "mta/transport/session_key.h"
#include "proto/site_key.h"
#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::net::TlsPolicy;
using mta::routing::TransportKind;
using mta::transport::NextHop;
using mta::transport::SessionKey;

namespace {

SessionKey usual() { return {{NextHop::Kind::mail_hosts, "mx.there.example:25"}, {}}; }

std::shared_ptr<const mta::auth::CurrentLogin> login(const std::string& name, const std::string& user) {
  auto login = std::make_shared<mta::auth::Login>();
  login->name = name;
  login->user = user;
  return std::make_shared<const mta::auth::CurrentLogin>(name, login);
}

SessionKey with(const std::function<void(SessionKey&)>& change) {
  SessionKey key = usual();
  change(key);
  return key;
}

}  // namespace

TEST_CASE("session key: any two of these keys share no session, and no name in the spool") {
  const std::vector<SessionKey> keys = {
      usual(),
      with([](SessionKey& key) { key.next_hop.hosts = "mx.there.example:26"; }),
      with([](SessionKey& key) { key.next_hop.hosts = "mx1.there.example:25"; }),
      with([](SessionKey& key) { key.next_hop.hosts = "mx.there.example,mx1.there.example:25"; }),
      with([](SessionKey& key) { key.next_hop.hosts = "mx.there.example>mx1.there.example:25"; }),
      with([](SessionKey& key) { key.next_hop.hosts = "mx.there.example:25 route"; }),
      with([](SessionKey& key) { key.next_hop.hosts = "mx.there.example:25%20route"; }),
      with([](SessionKey& key) { key.next_hop.hosts = std::string(400, 'a') + ":25"; }),
      with([](SessionKey& key) { key.next_hop.hosts = std::string(401, 'a') + ":25"; }),
      with([](SessionKey& key) { key.next_hop.kind = NextHop::Kind::route; }),
      with([](SessionKey& key) { key.next_hop.dane = std::string(32, 'a'); }),
      with([](SessionKey& key) { key.next_hop.dane = std::string(32, 'b'); }),
      with([](SessionKey& key) { key.terms.transport = TransportKind::mailbox; }),
      with([](SessionKey& key) { key.terms.transport = TransportKind::deliver; }),
      with([](SessionKey& key) { key.terms.is_lmtp = true; }),
      with([](SessionKey& key) { key.terms.require_tls = true; }),
      with([](SessionKey& key) { key.next_hop.hosts = "/run/lmtp"; }),
      with([](SessionKey& key) { key.next_hop.hosts = "%2Frun%2Flmtp"; }),
      with([](SessionKey& key) { key.terms.tls = TlsPolicy::none(); }),
      with([](SessionKey& key) { key.terms.tls = TlsPolicy::encrypt("test"); }),
      with([](SessionKey& key) { key.terms.tls = TlsPolicy::verify({}, "test"); }),
      with([](SessionKey& key) { key.terms.tls = TlsPolicy::dane({{3, 1, 1, std::string(32, 'x')}}, "test"); }),
      with([](SessionKey& key) { key.terms.tls = TlsPolicy::dane({{3, 1, 1, std::string(32, 'y')}}, "test"); }),
      with([](SessionKey& key) { key.terms.tls = TlsPolicy::encrypt("test"), key.terms.implicit_tls = true; }),
      with([](SessionKey& key) { key.terms.login = login("provider", "me"); }),
      with([](SessionKey& key) { key.terms.login = login("provider", "you"); }),
      with([](SessionKey& key) { key.terms.login = login("other", "me"); }),
      with([](SessionKey& key) { key.terms.login = login("provider", "me from=192.0.2.1"); }),
      with([](SessionKey& key) { key.terms.login = login("provider/a", "me"); }),
      with([](SessionKey& key) { key.terms.login = login("provider", "a/me"); }),
      with([](SessionKey& key) { key.terms.login = login("provider", "me"), key.terms.source = dns::Address::parse("192.0.2.1").value(); }),
      with([](SessionKey& key) { key.terms.source = dns::Address::parse("192.0.2.1").value(); }),
      with([](SessionKey& key) { key.terms.source = dns::Address::parse("192.0.2.2").value(); }),
      with([](SessionKey& key) { key.terms.source = dns::Address::parse("2001:db8::1").value(); }),
      with([](SessionKey& key) { key.terms.author = proto::Mailbox::parse("me@provider.example").value(); }),
      with([](SessionKey& key) { key.terms.author = proto::Mailbox::parse("you@provider.example").value(); }),
  };
  for (std::size_t a = 0; a < keys.size(); ++a)
    for (std::size_t b = 0; b < keys.size(); ++b) {
      INFO(keys[a].text() << " | " << keys[b].text());
      CHECK((keys[a] == keys[b]) == (a == b));
      CHECK((keys[a].text() == keys[b].text()) == (a == b));
      CHECK(keys[a].text().size() <= proto::kMaxSiteKey);
    }
}

TEST_CASE("session key: what is usual has the name of its mail hosts alone, as spools of earlier versions call it") {
  CHECK(usual().text() == "mx.there.example:25");
  const SessionKey route = with([](SessionKey& key) { key.next_hop.kind = NextHop::Kind::route; });
  CHECK(route.text() == "mx.there.example:25 route");
  CHECK(mta::transport::hosts_of(route.text()) == "mx.there.example:25");
}

namespace {

// Two domains one after the other, the second while the session of the first is idle.
struct Pair {
  std::string name, toml, reloaded;
  int connections;
};

}  // namespace

TEST_CASE("session key: domains share a session only where the next hop and the policy are the same") {
  const std::string route = "[destination.\"two.example\"]\nroute = \"mx.there.example:25\"\n";
  const auto pair =
      GENERATE_COPY(Pair{"the same mail host", "", "", 1}, Pair{"a route to the mail host of the other", route, "", 2},
                    Pair{"both by the same route", route + "[destination.\"one.example\"]\nroute = \"mx.there.example:25\"\n", "", 1},
                    Pair{"without TLS after a reload", "delivery.tls = true\n", "delivery.tls = false\n", 2},
                    Pair{"a reload that changes nothing of it", "delivery.tls = true\n", "delivery.max_sessions = 50\n", 1});
  INFO(pair.name);
  Simulation world(pair.toml);
  SimulatedHost there;
  for (const std::string domain : {"one.example", "two.example"}) world.dns->mx(domain, 10, "mx.there.example");
  world.dns->a("mx.there.example", "192.0.2.1");
  world.host("192.0.2.1:25", there);
  world.submit("me@here.example", {"you@one.example"});
  REQUIRE(world.run_until([&] { return there.received.size() == 1; }, std::chrono::seconds(1)));
  if (!pair.reloaded.empty()) world.reload(pair.reloaded);
  world.submit("me@here.example", {"you@two.example"});
  REQUIRE(world.run_until([&] { return there.received.size() == 2; }, std::chrono::seconds(1)));
  CHECK(there.connections == pair.connections);
}

TEST_CASE("dispatcher: the first message to a domain moves to another worker only if that one has the domain's mail hosts already") {
  Simulation world("delivery.max_sessions = 800\n");  // a place for each, also for new sites
  std::array<SimulatedHost, 100> hosts;
  const auto send_to_all = [&](const std::string& suffix, std::size_t count) {
    for (std::size_t n = 0; n < count; ++n) world.submit("me@here.example", {"you@d" + std::to_string(n) + suffix});
    world.run_for(std::chrono::seconds(10));
  };
  for (std::size_t n = 0; n < hosts.size(); ++n) {
    const std::string number = std::to_string(n), address = "192.0.2." + number;
    world.dns->mx("d" + number + ".own.example", 10, "mx" + number + ".example").a("mx" + number + ".example", address);
    world.dns->mx("d" + number + ".shared.example", 10, "mx7.example");
    world.host(address + ":25", hosts[n]);
  }
  send_to_all(".own.example", hosts.size());
  for (const SimulatedHost& host : hosts) CHECK(host.received.size() == 1);
  CHECK(world.moved_jobs() == 0);
  send_to_all(".shared.example", hosts.size());
  CHECK(hosts[7].received.size() == 101);
  const auto moved = world.moved_jobs();
  CHECK(moved > 25);  // half of them, by the dice of their names
  CHECK(moved < 75);
  send_to_all(".shared.example", hosts.size());
  CHECK(world.moved_jobs() == moved);
}
