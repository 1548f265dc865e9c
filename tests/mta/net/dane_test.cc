// The decision table of DANE for SMTP, from what the DNS says to what is demanded of each mail host. RFC 7672 2, RFC 7671.
#include "mta/net/dane.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <random>
#include <set>

#include "dns/targets.h"
#include "mta/net/tls_result.h"
#include "tests/support/scripted_resolver.h"

namespace mxpress::testing {
namespace {

using namespace mta::net;
using dns::RecordType;

const std::string kDigest(32, '\x11'), kLongDigest(64, '\x22');
const std::string kRight = std::string("\x03\x01\x01") + kDigest;
constexpr const char* kDomain = "there.example";
constexpr const char* kHost = "mx.there.example";
constexpr const char* kRecords = "_25._tcp.mx.there.example";

// A domain whose one mail host has TLSA records; all of it is authenticated.
struct World {
  ScriptedResolver dns;
  dns::TargetRules rules;
  std::mt19937_64 random{1};

  World() {
    rules.wants_tlsa = true;
    dns.authenticated = true;
    dns.mx(kDomain, 10, kHost).a(kHost, "192.0.2.1");
  }
  dns::Targets find() {
    asio::io_context io;
    std::optional<dns::Targets> result;
    asio::co_spawn(io, dns::find_targets(dns, proto::Domain::parse(kDomain).value(), rules, random),
                   [&](std::exception_ptr error, dns::Targets targets) {
                     if (error) std::rethrow_exception(error);
                     result = std::move(targets);
                   });
    io.run();
    return result.value();
  }
  // Of the domain's first mail host; "no hosts: ..." without one.
  std::string demand(const TlsPolicy& usual = TlsPolicy::may()) {
    const dns::Targets found = find();
    if (found.targets.empty()) return "no hosts: " + found.status.to_string();
    const TlsPolicy policy = policy_for(found.targets.front(), usual);
    if (policy.kind() != TlsPolicy::Kind::dane) return policy.text();
    if (!policy.unknown_because().empty()) return "not used";
    return (policy.needs_certificate() ? "dane at " : "encrypt at ") + policy.dane_names().base;
  }
  bool asked(RecordType type) const {
    return std::any_of(dns.asked.begin(), dns.asked.end(), [type](const dns::Question& question) { return question.type == type; });
  }
};

void add_records(ScriptedResolver& dns, int count) {
  for (int n = 0; n < count; ++n) dns.tlsa(kRecords, kRight.substr(0, 33) + std::to_string(10 + n % 90));
}

struct Row {
  const char* what;
  std::function<void(ScriptedResolver&)> change;
  std::string demand;
  bool asks_tlsa = true;
};

const Row kRows[] = {
    // MX secure, address secure; by what the lookup of the records says.
    {"usable", [](auto& dns) { dns.tlsa(kRecords, kRight); }, "dane at mx.there.example"},
    {"unusable: usage 1", [](auto& dns) { dns.tlsa(kRecords, "\x01" + kRight.substr(1)); }, "encrypt at mx.there.example"},
    {"unusable: usage 0", [](auto& dns) { dns.tlsa(kRecords, std::string(1, '\0') + kRight.substr(1)); }, "encrypt at mx.there.example"},
    {"unusable: a digest of 31 octets", [](auto& dns) { dns.tlsa(kRecords, kRight.substr(0, 34)); }, "encrypt at mx.there.example"},
    {"unusable: no octet", [](auto& dns) { dns.tlsa(kRecords, ""); }, "encrypt at mx.there.example"},
    {"unusable: two octets", [](auto& dns) { dns.tlsa(kRecords, "\x03\x01"); }, "encrypt at mx.there.example"},
    {"unusable: three octets", [](auto& dns) { dns.tlsa(kRecords, "\x03\x01\x01"); }, "encrypt at mx.there.example"},
    {"one usable among others", [](auto& dns) { dns.tlsa(kRecords, "").tlsa(kRecords, kRight); }, "dane at mx.there.example"},
    {"none, name denied", [](auto&) {}, "may"},
    {"none of this type", [](auto& dns) { dns.txt(kRecords, "x"); }, "may"},
    {"records insecure", [](auto& dns) { dns.tlsa(kRecords, kRight).leave_unsigned(kRecords); }, "may"},
    {"denial insecure", [](auto& dns) { dns.txt(kRecords, "x").leave_unsigned(kRecords); }, "may"},
    {"bogus, or the lookup failed", [](auto& dns) { dns.tlsa(kRecords, kRight).fail(kRecords); }, "not used"},
    {"records by way of a secure alias", [](auto& dns) { dns.cname(kRecords, "_dane.there.example").tlsa("_dane.there.example", kRight); },
     "dane at mx.there.example"},
    {"records by way of an alias into an unsigned zone",
     [](auto& dns) {
       dns.cname(kRecords, "_dane.other.example").tlsa("_dane.other.example", kRight).leave_unsigned("_dane.other.example");
     },
     "may"},
    {"56 records of SHA-256", [](auto& dns) { add_records(dns, 56); }, "dane at mx.there.example"},
    {"300 records", [](auto& dns) { add_records(dns, 300); }, "not used"},
    // MX not secure.
    {"MX insecure", [](auto& dns) { dns.tlsa(kRecords, kRight).leave_unsigned(kDomain); }, "may", false},
    {"MX insecure, and the records would fail", [](auto& dns) { dns.fail(kRecords).leave_unsigned(kDomain); }, "may", false},
    {"MX bogus, or its lookup failed", [](auto& dns) { dns.tlsa(kRecords, kRight).fail(kDomain); }, "no hosts: 4.4.3", false},
    {"no MX, the denial secure", [](auto& dns) { dns.forget(kDomain).a(kDomain, "192.0.2.1").tlsa("_25._tcp.there.example", kRight); },
     "dane at there.example"},
    {"no MX, the denial insecure",
     [](auto& dns) { dns.forget(kDomain).a(kDomain, "192.0.2.1").leave_unsigned(kDomain).tlsa("_25._tcp.there.example", kRight); }, "may",
     false},
    {"the domain is a secure alias",
     [](auto& dns) { dns.forget(kDomain).cname(kDomain, "hub.example").mx("hub.example", 10, kHost).tlsa(kRecords, kRight); },
     "dane at mx.there.example"},
    {"the domain is an alias into an unsigned zone",
     [](auto& dns) {
       dns.forget(kDomain).cname(kDomain, "hub.example").mx("hub.example", 10, kHost).leave_unsigned("hub.example").tlsa(kRecords, kRight);
     },
     "may", false},
    // Address not secure.
    {"address insecure", [](auto& dns) { dns.tlsa(kRecords, kRight).leave_unsigned(kHost); }, "may", false},
    {"address insecure, and the records would fail", [](auto& dns) { dns.fail(kRecords).leave_unsigned(kHost); }, "may", false},
    {"address bogus, or its lookup failed", [](auto& dns) { dns.tlsa(kRecords, kRight).fail(kHost); }, "no hosts: 4.4.3", false},
    {"one family failed", [](auto& dns) { dns.tlsa(kRecords, kRight).fail(kHost, RecordType::aaaa); }, "dane at mx.there.example"},
    // The host's name is an alias.
    {"alias: the records of the name it stands for come first",
     [](auto& dns) {
       dns.forget(kHost).cname(kHost, "real.example").a("real.example", "192.0.2.1");
       dns.tlsa("_25._tcp.real.example", kRight).tlsa(kRecords, kRight);
     },
     "dane at real.example"},
    {"alias: else those of its own name",
     [](auto& dns) { dns.forget(kHost).cname(kHost, "real.example").a("real.example", "192.0.2.1").tlsa(kRecords, kRight); },
     "dane at mx.there.example"},
    {"alias: the first lookup failed",
     [](auto& dns) {
       dns.forget(kHost).cname(kHost, "real.example").a("real.example", "192.0.2.1");
       dns.fail("_25._tcp.real.example").tlsa(kRecords, kRight);
     },
     "not used"},
    {"alias: no records", [](auto& dns) { dns.forget(kHost).cname(kHost, "real.example").a("real.example", "192.0.2.1"); }, "may"},
    {"secure alias into an unsigned zone: only the records of its own name count",
     [](auto& dns) {
       dns.forget(kHost).cname(kHost, "real.example").a("real.example", "192.0.2.1").leave_unsigned("real.example");
       dns.tlsa("_25._tcp.real.example", kRight).tlsa(kRecords, kRight);
     },
     "dane at mx.there.example"},
    {"insecure alias",
     [](auto& dns) {
       dns.forget(kHost).cname(kHost, "real.example").a("real.example", "192.0.2.1").leave_unsigned(kHost).tlsa(kRecords, kRight);
     },
     "may", false},
};

TEST_CASE("dane: the records of all hosts of a domain have one bound, which a destination can keep, and hosts beyond it are not used") {
  World world;
  for (int n = 2; n <= 5; ++n) {
    const std::string host = "mx" + std::to_string(n) + ".there.example";
    world.dns.mx(kDomain, static_cast<std::uint16_t>(10 * n), host).a(host, "192.0.2." + std::to_string(n));
    world.dns.tlsa("_25._tcp." + host, std::string("\x03\x01\x00", 3) + std::string(900, 'k'));
  }
  world.dns.tlsa(kRecords, kRight);
  std::vector<dns::HostTlsa::Kind> kinds;
  for (const dns::Target& target : world.find().targets) kinds.push_back(target.tlsa.kind);
  using enum dns::HostTlsa::Kind;
  CHECK(kinds == std::vector{found, found, found, failed, failed});
}

TEST_CASE("dane: what is demanded of a mail host, and whether its TLSA records are asked for, by what the DNS says") {
  for (const Row& row : kRows) {
    CAPTURE(row.what);
    World world;
    row.change(world.dns);
    CHECK(world.demand() == row.demand);
    CHECK(world.asked(RecordType::tlsa) == row.asks_tlsa);
  }
}

TEST_CASE("dane: no TLSA record is asked for where nobody wants to know, or where no answer is authenticated") {
  World off, unbelieved;
  off.rules.wants_tlsa = false;
  unbelieved.dns.authenticated = false;
  for (World* world : {&off, &unbelieved}) {
    world->dns.tlsa(kRecords, kRight);
    CHECK(world->demand() == "may");
    CHECK_FALSE(world->asked(RecordType::tlsa));
  }
}

TEST_CASE("dane: what the configuration demands is not changed by the DNS") {
  World world;
  world.dns.tlsa(kRecords, kRight);
  CHECK(world.demand(TlsPolicy::none()) == "none");
  CHECK(world.demand(TlsPolicy::encrypt("a test")) == "encrypt");
  world.dns.fail(kRecords);
  CHECK(world.demand(TlsPolicy::encrypt("a test")) == "encrypt");
}

TEST_CASE("dane: a host whose records cannot be looked up is passed over, takes no place of others, and is looked up again soon") {
  World world;
  world.rules.max_addresses = 2;
  for (int i = 1; i <= 4; ++i) world.dns.a(kHost, "192.0.2.10" + std::to_string(i));
  world.dns.mx(kDomain, 20, "mx2.there.example").a("mx2.there.example", "192.0.2.2").tlsa("_25._tcp.mx2.there.example", kRight);
  world.dns.mx(kDomain, 30, "mx3.there.example").a("mx3.there.example", "192.0.2.3");
  world.dns.fail(kRecords);
  const dns::Targets found = world.find();
  REQUIRE(found.targets.size() == 3);
  CHECK(policy_for(found.targets[0], TlsPolicy()).unknown_because() ==
        "its TLSA records could not be looked up (SERVFAIL from 192.0.2.53:53)");
  CHECK(found.targets[1].host == "mx2.there.example");
  CHECK(policy_for(found.targets[2], TlsPolicy()).text() == "may");
  CHECK(found.ttl <= std::chrono::seconds(30));
}

TEST_CASE("dane: a certificate of usage 2 may be for the base domain, the host, the domain and where it is an alias for") {
  World world;
  world.dns.forget(kDomain).cname(kDomain, "hub.example").mx("hub.example", 10, kHost);
  world.dns.forget(kHost).cname(kHost, "real.example").a("real.example", "192.0.2.1");
  world.dns.tlsa("_25._tcp.real.example", kRight);
  const DaneNames names = policy_for(world.find().targets.front(), TlsPolicy()).dane_names();
  CHECK(names.base == "real.example");
  CHECK(names.others == std::vector<std::string>{"hub.example", "mx.there.example", "there.example"});
}

TEST_CASE("dane: the port of the connection is that of the records' name") {
  World world;
  world.rules.port = 2525;
  world.dns.tlsa("_2525._tcp.mx.there.example", kRight);
  CHECK(world.demand() == "dane at mx.there.example");
}

TEST_CASE("dane: the digest of what is demanded tells sets of records apart, and nothing from something") {
  World world;
  const auto digest = [&world] { return dane_digest(world.find().targets, TlsPolicy()); };
  CHECK(digest().empty());
  world.dns.tlsa(kRecords, kRight);
  const std::string one = digest();
  CHECK(one.size() == 32);
  CHECK(digest() == one);
  CHECK(dane_digest(world.find().targets, TlsPolicy::encrypt("a test")).empty());
  world.dns.tlsa(kRecords, std::string("\x03\x01\x02") + kLongDigest);
  const std::string two = digest();
  world.dns.fail(kRecords);
  const std::string failed = digest();
  CHECK(std::set<std::string>{"", one, two, failed}.size() == 4);
}

TEST_CASE("dane: with usage 3 domains demand the same of their common mail host, with usage 2 each its own name") {
  const auto demanded_for = [](const char* domain, const std::string& record) {
    dns::Target target;
    target.host = kHost;
    target.tlsa = {.kind = dns::HostTlsa::Kind::found, .base = kHost, .port = 25, .names = {domain}, .records = {record}};
    return policy_for(target, TlsPolicy());
  };
  const std::string of_authority = "\x02" + kRight.substr(1);
  CHECK(demanded_for("a.example", kRight) == demanded_for("b.example", kRight));
  CHECK_FALSE(demanded_for("a.example", of_authority) == demanded_for("b.example", of_authority));
}

}  // namespace
}  // namespace mxpress::testing
