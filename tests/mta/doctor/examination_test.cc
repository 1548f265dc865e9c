// All checks together.
#include "mta/doctor/examination.h"

#include <boost/asio/as_tuple.hpp>
#include <catch2/catch.hpp>

#include "mta/dkim/key_record.h"
#include "mta/routing/signing_keys.h"
#include "tests/support/dkim_keys.h"
#include "tests/support/doctor_fakes.h"
#include "tests/support/scripted_resolver.h"

namespace mxpress::testing {
namespace {

using namespace mta::doctor;

struct World {
  asio::io_context io{1};
  ScriptedResolver dns;
  FakeServers servers;
  FakeProber hosts;
  mta::routing::SigningKeys keys;
  Case all{subject_here()};

  World() {
    const auto domain = all.subject.mail.domain;
    all.subject.mail.keys.push_back({domain, "r1", rsa_key().public_key()});
    keys.domains.push_back({domain, {}, {{"r1", rsa_key()}}, {}});
    keys.own = domain;
    all.keys = &keys;
    all.daemon.dane = "on: validated here";
    all.servers = {{address("192.0.2.53"), {}, 53, false}};
    all.block_lists = {proto::Domain::parse("bl.example").value()};
    all.listeners = {{address("127.0.0.1"), 25}};
    all.port.probe_domains = {proto::Domain::parse("one.example").value(), proto::Domain::parse("two.example").value()};
    all.random_label = "mxpress-x";
    dns.txt("r1._domainkey.here.example", mta::dkim::record_text(rsa_key().public_key()));
    dns.txt("here.example", "v=spf1 ip4:192.0.2.10 -all").txt("_dmarc.here.example", "v=DMARC1; p=none");
    dns.a("mail.here.example", "192.0.2.10").ptr("10.2.0.192.in-addr.arpa", "mail.here.example");
    dns.mx("one.example", 10, "mx.one.example").a("mx.one.example", "198.51.100.1");
    dns.mx("two.example", 10, "mx.two.example").a("mx.two.example", "203.0.113.1");
    dns.a("2.0.0.127.bl.example", "127.0.0.2");
    hosts.host("198.51.100.1", {0, "220 mx.one.example"}).host("127.0.0.1", {0, "220 mail.here.example ESMTP mxpress"});
  }
  Findings run(std::chrono::milliseconds limit = std::chrono::seconds(10)) { return examine(io, all, {dns, dns, servers, hosts}, limit); }
};

}  // namespace

TEST_CASE("doctor: nothing is wrong or unknown on a host that is fine") {
  World world;
  const Findings findings = world.run();
  CHECK(findings.size() == 15);
  for (const Finding& one : findings) {
    INFO(one.check << ": " << one.evidence);
    CHECK((one.state == State::fine || one.check == "port25 ipv6"));
  }
}

TEST_CASE("doctor: where no name server answers, the DNS is not asked, and what needs it is unknown") {
  World world;
  world.servers.silent();
  const Findings findings = world.run();
  CHECK(world.dns.asked.empty());
  CHECK(finding_of(findings, "name-server 192.0.2.53:53").state == State::wrong);
  for (const char* check : {"address", "ptr", "spf", "dkim", "dmarc", "nxdomain", "block-lists", "port25 ipv4"}) {
    INFO(check);
    CHECK(finding_of(findings, check).state == State::unknown);
  }
  CHECK(finding_of(findings, "listener 127.0.0.1:25").state == State::fine);
}

TEST_CASE("doctor: checks that do not end in time are unknown, and the others are told") {
  struct Hanging final : Prober {
    explicit Hanging(Executor executor) : timer(executor, BootTime::max()) {}
    Task<ProbeResult> probe(dns::Address, std::uint16_t) override {
      (void)co_await timer.async_wait(asio::as_tuple(use_task));
      co_return ProbeResult{};
    }
    Timer timer;
  };
  World world;
  Hanging hanging(world.io.get_executor());
  const Findings findings = examine(world.io, world.all, {world.dns, world.dns, world.servers, hanging}, std::chrono::milliseconds(50));
  CHECK(finding_of(findings, "port25 ipv4").state == State::unknown);
  CHECK_THAT(finding_of(findings, "port25 ipv4").evidence, Catch::Contains("did not end"));
  CHECK(finding_of(findings, "spf here.example").state == State::fine);
}

TEST_CASE("doctor: a key whose record is missing does not sign the sample") {
  World world;
  world.dns.forget("r1._domainkey.here.example").forget("here.example");
  const Findings findings = world.run();
  CHECK(finding_of(findings, "dkim r1._domainkey.here.example").state == State::wrong);
  CHECK(finding_of(findings, "dmarc-sample").state == State::wrong);
}

TEST_CASE("doctor: without the keys the daemon tells of them") {
  World world;
  world.all.keys = nullptr;
  world.all.subject.mail.keys.clear();
  world.all.subject.keys_unknown_because = "Permission denied";
  world.all.daemon.keys = {{"r1._domainkey.here.example", "signs", ""}};
  const Findings findings = world.run();
  CHECK(finding_of(findings, "dkim r1._domainkey.here.example").state == State::fine);
  CHECK_FALSE(has(findings, State::unknown));
}

}  // namespace mxpress::testing
