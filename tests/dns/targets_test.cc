// find_targets(): the mail hosts of a domain. RFC 5321 5.1, RFC 7505.
#include "dns/targets.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <exception>
#include <set>

#include "tests/support/scripted_resolver.h"

namespace mxpress::dns {
namespace {

using testing::ScriptedResolver;

struct World {
  ScriptedResolver dns;
  TargetRules rules;
  std::mt19937_64 random{1};

  World() {
    rules.own_name = "me.example";
    rules.may_deliver_to = [](const Address& address) { return peculiarity(address).empty(); };
  }
  Targets find(const std::string& domain) { return run(find_targets(dns, proto::Domain::parse(domain).value(), rules, random)); }
  Targets route(const std::string& host, std::uint16_t port) { return run(find_route_targets(dns, host, port, rules, random)); }
  // "10.0.0.1:25 10.0.0.2:25"
  std::string addresses(const std::string& domain) { return list(find(domain)); }
  static std::string list(const Targets& targets) {
    std::string text;
    for (const Target& target : targets.targets) text += (text.empty() ? "" : " ") + target.address_text();
    return text;
  }

 private:
  static Targets run(Task<Targets> task) {
    asio::io_context io;
    std::optional<Targets> result;
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, Targets targets) {
      if (error) std::rethrow_exception(error);
      result = std::move(targets);
    });
    io.run();
    return result.value();
  }
};

void check_failed(const Targets& targets, const std::string& status, const std::string& words) {
  CHECK(targets.kind == (status[0] == '5' ? TargetsKind::failed_permanently : TargetsKind::failed_for_now));
  CHECK(targets.status.to_string() == status);
  CHECK_THAT(targets.text, Catch::Contains(words));
  CHECK(targets.targets.empty());
}

TEST_CASE("targets: hosts that may not be used stay for the report, each with one address, and take no place of others") {
  World world;
  for (int i = 1; i <= 7; ++i) {
    const std::string name = "mx" + std::to_string(i) + ".a.example", address = "192.0.2." + std::to_string(i);
    world.dns.mx("a.example", static_cast<std::uint16_t>(i), name).a(name, address).a(name, address + "1");
  }
  world.rules.max_addresses = 2;
  world.rules.may_be_used = [](const std::string& host) { return host.starts_with("mx6") || host.starts_with("mx7"); };
  CHECK(world.addresses("a.example") == "192.0.2.1:25 192.0.2.2:25 192.0.2.3:25 192.0.2.4:25 192.0.2.5:25 192.0.2.6:25 192.0.2.61:25");
}

TEST_CASE("targets: lower preferences come first, and the domain's own address is not used when there is an MX") {
  World world;
  world.dns.mx("a.example", 20, "mx2.a.example").mx("a.example", 10, "mx1.a.example").a("a.example", "192.0.2.99");
  world.dns.a("mx1.a.example", "192.0.2.1").a("mx2.a.example", "192.0.2.2");
  const Targets targets = world.find("a.example");
  CHECK(World::list(targets) == "192.0.2.1:25 192.0.2.2:25");
  CHECK(targets.targets[0].host == "mx1.a.example");
  CHECK(targets.ttl == std::chrono::seconds(300));
}

TEST_CASE("targets: without any MX the domain's own addresses are used") {
  World world;
  world.dns.a("a.example", "192.0.2.1").aaaa("a.example", "2001:db8::1");
  CHECK(world.addresses("a.example") == "192.0.2.1:25 [2001:db8::1]:25");
}

TEST_CASE("targets: equal preferences are tried in random order") {
  World world;
  world.dns.mx("a.example", 10, "mx1.a.example").mx("a.example", 10, "mx2.a.example").mx("a.example", 10, "mx3.a.example");
  world.dns.a("mx1.a.example", "192.0.2.1").a("mx2.a.example", "192.0.2.2").a("mx3.a.example", "192.0.2.3");
  std::set<std::string> orders;
  for (int i = 0; i < 200; ++i) orders.insert(world.addresses("a.example"));
  CHECK(orders.size() == 6);
}

TEST_CASE("targets: domains with the same mail hosts have one site, whatever the order of the answer") {
  World world;
  for (const char* domain : {"a.example", "b.example"})
    world.dns.mx(domain, domain[0] == 'a' ? 10 : 5, "mx1.c.example").mx(domain, 20, "mx3.c.example");
  world.dns.mx("a.example", 10, "mx2.c.example").mx("b.example", 5, "mx2.c.example").mx("c.example", 10, "mx3.c.example");
  for (const char* host : {"mx1.c.example", "mx2.c.example", "mx3.c.example"}) world.dns.a(host, "192.0.2.1");
  CHECK(world.find("a.example").site == "mx1.c.example,mx2.c.example>mx3.c.example:25");
  CHECK(world.find("b.example").site == world.find("a.example").site);
  CHECK(world.find("c.example").site == "mx3.c.example:25");
  CHECK(world.route("mx3.c.example", 2525).site == "mx3.c.example:2525");
}

TEST_CASE("targets: a null MX fails permanently without looking at addresses") {
  World world;
  world.dns.mx("a.example", 0, "").a("a.example", "192.0.2.1");
  check_failed(world.find("a.example"), "5.1.10", "a.example takes no mail");
  CHECK(world.dns.asked.size() == 1);
}

TEST_CASE("targets: a null MX beside other MX is ignored") {
  World world;
  world.dns.mx("a.example", 0, "").mx("a.example", 10, "mx.a.example").a("mx.a.example", "192.0.2.1");
  CHECK(world.addresses("a.example") == "192.0.2.1:25");
}

TEST_CASE("targets: a domain that does not exist fails permanently and the text names the server") {
  World world;
  check_failed(world.find("a.example"), "5.1.2", "There is no domain a.example (NXDOMAIN from 192.0.2.53:53)");
}

TEST_CASE("targets: a failed MX lookup never falls back to the address") {
  World world;
  world.dns.a("a.example", "192.0.2.1").fail("a.example", RecordType::mx, "no answer within 5 s from 192.0.2.53:53");
  const Targets targets = world.find("a.example");
  check_failed(targets, "4.4.3", "no answer within 5 s from 192.0.2.53:53");
  CHECK(world.dns.asked.size() == 1);
  CHECK(targets.ttl <= std::chrono::seconds(5));
}

TEST_CASE("targets: a domain with neither MX nor address fails permanently") {
  World world;
  world.dns.txt("a.example", "hello");
  check_failed(world.find("a.example"), "5.1.2", "a.example has neither a mail host (MX) nor an address");
}

TEST_CASE("targets: an MX without address is passed over for the next") {
  World world;
  world.dns.mx("a.example", 10, "gone.a.example").mx("a.example", 20, "mx.a.example").a("mx.a.example", "192.0.2.2");
  CHECK(world.addresses("a.example") == "192.0.2.2:25");
}

TEST_CASE("targets: MX that all lack addresses fail permanently") {
  World world;
  world.dns.mx("a.example", 10, "gone.a.example").mx("a.example", 20, "text.a.example").txt("text.a.example", "x");
  check_failed(world.find("a.example"), "5.1.2", "gone.a.example (NXDOMAIN from 192.0.2.53:53); text.a.example (no address record");
}

TEST_CASE("targets: one MX whose lookup fails makes the whole temporary when no other has an address") {
  World world;
  world.dns.mx("a.example", 10, "gone.a.example").mx("a.example", 20, "mx.a.example").fail("mx.a.example");
  check_failed(world.find("a.example"), "4.4.3", "the A record of mx.a.example: SERVFAIL from 192.0.2.53:53");
}

TEST_CASE("targets: a failing AAAA lookup does not stop delivery over IPv4") {
  World world;
  world.dns.mx("a.example", 10, "mx.a.example").a("mx.a.example", "192.0.2.1").fail("mx.a.example", RecordType::aaaa);
  const Targets targets = world.find("a.example");
  CHECK(World::list(targets) == "192.0.2.1:25");
  CHECK(targets.ttl == std::chrono::seconds(300));
}

TEST_CASE("targets: a failing AAAA lookup of a host without A is temporary") {
  World world;
  world.dns.mx("a.example", 10, "mx.a.example").txt("mx.a.example", "x").fail("mx.a.example", RecordType::aaaa);
  check_failed(world.find("a.example"), "4.4.3", "the AAAA record of mx.a.example");
}

TEST_CASE("targets: aliases are followed at the domain and at the MX") {
  World world;
  world.dns.cname("alias.example", "a.example").mx("a.example", 10, "mx.a.example");
  world.dns.cname("mx.a.example", "real.a.example").a("real.a.example", "192.0.2.1");
  const Targets targets = world.find("alias.example");
  CHECK(World::list(targets) == "192.0.2.1:25");
  CHECK(targets.targets[0].host == "mx.a.example");
}

TEST_CASE("targets: an MX that is an address as text is neither resolved nor used") {
  World world;
  world.dns.mx("a.example", 10, "192.0.2.7").a("192.0.2.7", "192.0.2.7");
  check_failed(world.find("a.example"), "5.1.2", "192.0.2.7 (an address, where a host name belongs)");
  CHECK(world.dns.asked.size() == 1);
}

TEST_CASE("targets: an MX that is no host name is passed over") {
  World world;
  world.dns.mx("a.example", 10, "evil\\010\\013.example").mx("a.example", 20, "mx.a.example").a("mx.a.example", "192.0.2.1");
  CHECK(world.addresses("a.example") == "192.0.2.1:25");
}

TEST_CASE("targets: our own name drops hosts of equal and higher preference") {
  World world;
  world.rules.own_name = "Me.Example.";
  world.dns.mx("a.example", 10, "mx.a.example")
      .mx("a.example", 20, "me.example")
      .mx("a.example", 20, "b.example")
      .mx("a.example", 30, "c.example");
  world.dns.a("mx.a.example", "192.0.2.1").a("b.example", "192.0.2.2").a("c.example", "192.0.2.3").a("me.example", "192.0.2.4");
  CHECK(world.addresses("a.example") == "192.0.2.1:25");
}

TEST_CASE("targets: when we are the best mail host the mail would loop") {
  World world;
  world.dns.mx("a.example", 10, "me.example").mx("a.example", 20, "b.example").a("b.example", "192.0.2.2");
  check_failed(world.find("a.example"), "5.4.6", "me.example is its best mail host");
}

TEST_CASE("targets: a host with our own address and port drops hosts of equal and higher preference, too") {
  World world;
  world.rules.is_own = [](const Address& address, std::uint16_t port) { return address.to_string() == "192.0.2.9" && port == 25; };
  world.dns.mx("a.example", 10, "mx.a.example").mx("a.example", 20, "alias-of-me.example").mx("a.example", 30, "c.example");
  world.dns.a("mx.a.example", "192.0.2.1").a("alias-of-me.example", "192.0.2.9").a("c.example", "192.0.2.3");
  CHECK(world.addresses("a.example") == "192.0.2.1:25");
}

TEST_CASE("targets: addresses that must not be used are cut and the text says which and why") {
  for (const char* address : {"127.0.0.1", "0.0.0.0", "224.0.0.1", "169.254.1.1", "255.255.255.255"}) {
    World world;
    world.dns.mx("a.example", 10, "mx.a.example").a("mx.a.example", address);
    check_failed(world.find("a.example"), "5.4.6", std::string("mx.a.example has address ") + address + ", which is a");
  }
  for (const char* address : {"::1", "::", "ff02::1", "fe80::1", "::ffff:127.0.0.1"}) {
    World world;
    world.dns.mx("a.example", 10, "mx.a.example").aaaa("mx.a.example", address);
    check_failed(world.find("a.example"), "5.4.6", "mx.a.example has address ");
  }
}

TEST_CASE("targets: our own address is known when it comes mapped into IPv6") {
  World world;
  world.rules.is_own = [](const Address& address, std::uint16_t) { return address.to_string() == "192.0.2.9"; };
  world.dns.aaaa("a.example", "::ffff:192.0.2.9");
  check_failed(world.find("a.example"), "5.4.6", "a.example has address 192.0.2.9, which is this host");
}

TEST_CASE("targets: a good host behind one at loopback is used") {
  World world;
  world.dns.mx("a.example", 10, "trap.a.example").mx("a.example", 20, "mx.a.example");
  world.dns.a("trap.a.example", "127.0.0.1").a("mx.a.example", "192.0.2.2");
  CHECK(world.addresses("a.example") == "192.0.2.2:25");
}

TEST_CASE("targets: both families get a place before the cut") {
  World world;
  world.rules.max_addresses = 3;
  for (int i = 1; i <= 6; ++i) world.dns.a("a.example", "192.0.2." + std::to_string(i));
  world.dns.aaaa("a.example", "2001:db8::1").mx("a.example", 10, "a.example");
  CHECK(world.addresses("a.example") == "192.0.2.1:25 [2001:db8::1]:25 192.0.2.2:25");
}

TEST_CASE("targets: a second host keeps a place beside a first with many addresses") {
  World world;
  world.dns.mx("a.example", 10, "big.a.example").mx("a.example", 20, "mx2.a.example").a("mx2.a.example", "192.0.2.200");
  for (int i = 1; i <= 9; ++i) world.dns.a("big.a.example", "192.0.2." + std::to_string(i));
  CHECK(world.addresses("a.example") == "192.0.2.1:25 192.0.2.2:25 192.0.2.3:25 192.0.2.4:25 192.0.2.200:25");
}

TEST_CASE("targets: the number of questions for a domain is bounded") {
  World world;
  for (int i = 0; i < 200; ++i) world.dns.mx("a.example", 10, "mx" + std::to_string(i) + ".a.example");
  const Targets targets = world.find("a.example");
  check_failed(targets, "4.4.3", "too many");
  CHECK(world.dns.asked.size() <= world.rules.max_lookups);
  CHECK(targets.text.size() < 1000);
}

TEST_CASE("targets: of thousands of mail hosts the same few name the site, those of lowest preference") {
  World world;
  const auto number = [](int i) { return std::to_string(10'000 + i); };
  for (int i = 0; i < 3000; ++i) world.dns.mx("a.example", i < 40 ? 5 : 20, "mx" + number(i) + "." + std::string(60, 'x') + ".example");
  world.dns.a("mx" + number(0) + "." + std::string(60, 'x') + ".example", "192.0.2.1");
  const Targets first = world.find("a.example");
  CHECK(first.site.size() < 4000);
  CHECK(first.site.starts_with("mx10000."));
  for (int i = 0; i < 20; ++i) CHECK(world.find("a.example").site == first.site);
}

TEST_CASE("targets: hosts are not looked up once there are enough addresses") {
  World world;
  for (int i = 1; i <= 20; ++i) {
    const std::string host = "mx" + std::to_string(i) + ".a.example";
    world.dns.mx("a.example", static_cast<std::uint16_t>(i), host).a(host, "192.0.2." + std::to_string(i));
  }
  CHECK(world.find("a.example").targets.size() == 5);
  CHECK(world.dns.asked.size() == 1 + 5 * 2);
}

TEST_CASE("targets: only the family in force is asked for") {
  World world;
  world.rules.family = AddressFamily::ipv6;
  world.dns.mx("a.example", 10, "mx.a.example").a("mx.a.example", "192.0.2.1").aaaa("mx.a.example", "2001:db8::1");
  CHECK(world.addresses("a.example") == "[2001:db8::1]:25");
  CHECK(world.dns.asked.size() == 2);
}

TEST_CASE("targets: a host that has addresses only in the family that is not used makes mail wait, and returns none") {
  World world;
  world.dns.mx("six.example", 10, "mx.six.example").aaaa("mx.six.example", "2001:db8::1").aaaa("plain.example", "2001:db8::2");
  world.dns.mx("four.example", 10, "mx.four.example").a("mx.four.example", "192.0.2.1").mx("none.example", 10, "mx.none.example");
  world.rules.family = AddressFamily::ipv4;
  check_failed(world.find("six.example"), "4.4.3", "mx.six.example has only IPv6 addresses");
  check_failed(world.find("plain.example"), "4.4.3", "plain.example has only IPv6 addresses");
  check_failed(world.find("none.example"), "5.1.2", "mx.none.example");
  world.rules.family = AddressFamily::ipv6;
  check_failed(world.find("four.example"), "4.4.3", "mx.four.example has only IPv4 addresses");
}

TEST_CASE("targets: an address literal is used as it stands, without a question") {
  World world;
  CHECK(world.addresses("[192.0.2.1]") == "192.0.2.1:25");
  CHECK(world.addresses("[IPv6:2001:db8::1]") == "[2001:db8::1]:25");
  CHECK(world.dns.asked.empty());
  check_failed(world.find("[127.0.0.1]"), "5.4.6", "127.0.0.1, which is a loopback address");
}

TEST_CASE("targets: a target is authenticated only if MX and address were") {
  World world;
  world.dns.authenticated = true;
  world.dns.mx("a.example", 10, "mx.a.example").a("mx.a.example", "192.0.2.1");
  CHECK(world.find("a.example").targets[0].authenticated);
  world.dns.authenticated = false;
  CHECK_FALSE(world.find("a.example").targets[0].authenticated);
}

TEST_CASE("targets: the time to live is the lowest seen, between a second and a day") {
  World world;
  world.dns.mx("a.example", 10, "mx.a.example").a("mx.a.example", "192.0.2.1");
  world.dns.ttl = std::chrono::seconds(0);
  CHECK(world.find("a.example").ttl == std::chrono::seconds(1));
  world.dns.ttl = std::chrono::hours(1000);
  CHECK(world.find("a.example").ttl == std::chrono::hours(24));
}

TEST_CASE("targets: that a host has no IPv6 address shortens nothing, but that it has none at all does") {
  World world;
  world.dns.no_data_ttl = std::chrono::seconds(0);
  world.dns.mx("a.example", 10, "mx.a.example").a("mx.a.example", "192.0.2.1");
  CHECK(world.find("a.example").ttl == std::chrono::seconds(300));
  world.dns.mx("a.example", 20, "mx2.a.example").txt("mx2.a.example", "no address");
  CHECK(world.find("a.example").ttl == std::chrono::seconds(1));
}

TEST_CASE("targets: a route is used without MX, even on loopback, but never where we listen ourselves") {
  World world;
  world.dns.mx("relay.example", 10, "other.example").a("relay.example", "192.0.2.1");
  CHECK(World::list(world.route("Relay.Example", 2525)) == "192.0.2.1:2525");
  CHECK(World::list(world.route("127.0.0.1", 2525)) == "127.0.0.1:2525");
  CHECK(World::list(world.route("[::1]", 2525)) == "[::1]:2525");
  world.rules.is_own = [](const Address&, std::uint16_t port) { return port == 25; };
  check_failed(world.route("127.0.0.1", 25), "5.4.6", "which is this host");
}

}  // namespace
}  // namespace mxpress::dns
