// `config check` for local domains whose mail goes to other hosts.
#include "mta/control/local_domain_check.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include "tests/support/scripted_resolver.h"

using namespace mxpress;
using mxpress::testing::ScriptedResolver;

namespace {

std::vector<std::string> warnings_for(const std::string& toml, ScriptedResolver& dns, const std::string& own = "192.0.2.1") {
  const auto config = mta::parse_config(toml, "test.toml");
  REQUIRE(config.ok());
  asio::io_context io;
  std::vector<std::string> warnings;
  const std::set<dns::Address> addresses = {*dns::Address::parse(own)};
  asio::co_spawn(io, mta::control::check_local_domains(*config, dns, addresses),
                 [&](std::exception_ptr, std::vector<std::string> found) { warnings = std::move(found); });
  io.run();
  return warnings;
}

const std::string kOwnDomain = "hostname = \"here.example\"\n";

}  // namespace

TEST_CASE("local domains: one whose mail another host takes is warned of, with that host's name") {
  ScriptedResolver dns;
  dns.mx("here.example", 10, "mx1.provider.example").mx("here.example", 20, "mx2.provider.example");
  dns.a("here.example", "192.0.2.1").a("mx1.provider.example", "198.51.100.1").a("mx2.provider.example", "198.51.100.2");
  const auto warnings = warnings_for(kOwnDomain, dns);
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Catch::Contains("mail of this host to here.example stays on this host"));
  CHECK_THAT(warnings[0], Catch::Contains("by the DNS mx1.provider.example, mx2.provider.example takes that mail"));
}

TEST_CASE("local domains: a domain is not warned of when one of its mail hosts is this host, by name, address or the address of its name") {
  ScriptedResolver dns;
  const std::string two = "hostname = \"mail.here.example\"\nlocal_domains = [\"here.example\"]\n";
  dns.mx("here.example", 10, "mx.provider.example").a("mx.provider.example", "198.51.100.1");
  SECTION("name") { dns.mx("here.example", 20, "mail.here.example"); }
  SECTION("address") { dns.mx("here.example", 20, "mx.here.example").a("mx.here.example", "192.0.2.1"); }
  SECTION("the address of its name, behind a translation of addresses") {
    dns.mx("here.example", 20, "mx.here.example").aaaa("mx.here.example", "2001:db8::1").aaaa("mail.here.example", "2001:db8::1");
  }
  CHECK(warnings_for(two, dns).empty());
}

TEST_CASE("local domains: names that other hosts cannot know, a null MX and a host that is its own mail host are right") {
  ScriptedResolver dns;
  dns.mx("quiet.here.example", 0, "").a("web.here.example", "192.0.2.1");
  CHECK(warnings_for("local_domains = [\"localhost\", \"web1\", \"quiet.here.example\", \"none.example\"]\n", dns).empty());
  CHECK(warnings_for("hostname = \"web.here.example\"\n", dns).empty());
}

TEST_CASE("local domains: without MX the address of the domain takes its mail") {
  ScriptedResolver dns;
  dns.a("shop.example", "198.51.100.7");
  const auto warnings = warnings_for("hostname = \"web.here.example\"\nlocal_domains = [\"shop.example\"]\n", dns);
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Catch::Contains("by the DNS 198.51.100.7 takes that mail"));
}

TEST_CASE("local domains: a failed lookup is said, and taken for nothing else") {
  ScriptedResolver dns;
  dns.fail("here.example");
  const auto warnings = warnings_for(kOwnDomain, dns);
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Catch::Contains("could not be looked up: SERVFAIL"));
}
