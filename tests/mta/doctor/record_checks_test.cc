// Findings about DNS records.
#include "mta/doctor/record_checks.h"
#include "dns/reverse_name.h"

#include <catch2/catch.hpp>
#include <functional>

#include "mta/dkim/key_record.h"
#include "tests/support/content_source.h"
#include "tests/support/dkim_keys.h"
#include "tests/support/doctor_fakes.h"
#include "tests/support/scripted_resolver.h"

namespace mxpress::testing {
namespace {

using namespace mta::doctor;

struct World {
  ScriptedResolver dns;
  Subject subject = subject_here();

  World() {
    subject.mail.keys.push_back({subject.mail.domain, "r1", rsa_key().public_key()});
    dns.txt("r1._domainkey.here.example", mta::dkim::record_text(rsa_key().public_key()));
    dns.txt("here.example", "v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 -all").txt("_dmarc.here.example", "v=DMARC1; p=none");
    dns.a("mail.here.example", "192.0.2.10").ptr("10.2.0.192.in-addr.arpa", "mail.here.example");
  }
  void add_ipv6() {
    subject.mail.addresses.push_back(address("2001:db8::10"));
    subject.sources.push_back(address("2001:db8::10"));
    dns.aaaa("mail.here.example", "2001:db8::10");
  }
  std::string ptr6() const { return dns::reverse_name(address("2001:db8::10")); }
  Findings check() {
    Findings findings = check_name(subject);
    const Findings records = check_records(subject, run(mta::records::check_host_records(subject.mail, dns)));
    findings.insert(findings.end(), records.begin(), records.end());
    return findings;
  }
};

std::string wrong_ones(const Findings& findings) {
  std::string all;
  for (const Finding& one : findings)
    if (one.state == State::wrong) all += one.check + ": " + one.evidence + "\n";
  return all;
}

}  // namespace

TEST_CASE("doctor: each broken record is wrong, and says who must act and what to paste") {
  struct Broken {
    std::string check;
    std::function<void(World&)> how;
    Actor actor;
    std::string paste;
  };
  const Broken kBroken[] = {
      {"ptr 192.0.2.10", [](World& w) { w.dns.forget("10.2.0.192.in-addr.arpa"); }, Actor::reverse_zone_holder,
       "10.2.0.192.in-addr.arpa. IN PTR mail.here.example."},
      {"ptr 192.0.2.10",
       [](World& w) { w.dns.forget("10.2.0.192.in-addr.arpa").ptr("10.2.0.192.in-addr.arpa", "static-10.provider.example"); },
       Actor::reverse_zone_holder, "10.2.0.192.in-addr.arpa. IN PTR mail.here.example."},
      {"address 192.0.2.10", [](World& w) { w.dns.forget("mail.here.example"); }, Actor::zone_holder, "mail.here.example. IN A 192.0.2.10"},
      {"address 192.0.2.10", [](World& w) { w.dns.forget("mail.here.example").a("mail.here.example", "198.51.100.7"); }, Actor::zone_holder,
       "mail.here.example. IN A 192.0.2.10"},
      {"spf here.example", [](World& w) { w.dns.forget("here.example"); }, Actor::zone_holder,
       "here.example. IN TXT \"v=spf1 ip4:192.0.2.10 ~all\""},
      {"spf here.example", [](World& w) { w.dns.forget("here.example").txt("here.example", "v=spf1 -all"); }, Actor::zone_holder,
       "here.example. IN TXT \"v=spf1 ip4:192.0.2.10 -all\""},
      {"dkim r1._domainkey.here.example", [](World& w) { w.dns.forget("r1._domainkey.here.example"); }, Actor::zone_holder,
       "r1._domainkey.here.example. IN TXT " + mta::dkim::zone_strings(mta::dkim::record_text(rsa_key().public_key()))},
      {"dkim r1._domainkey.here.example",
       [](World& w) {
         w.dns.forget("r1._domainkey.here.example").txt("r1._domainkey.here.example", mta::dkim::record_text(rfc8463_key().public_key()));
       },
       Actor::zone_holder, "r1._domainkey.here.example. IN TXT " + mta::dkim::zone_strings(mta::dkim::record_text(rsa_key().public_key()))},
      {"dmarc _dmarc.here.example", [](World& w) { w.dns.forget("_dmarc.here.example"); }, Actor::zone_holder,
       "_dmarc.here.example. IN TXT \"v=DMARC1; p=none\""},
      {"name", [](World& w) { w.subject.mail.hostname = "web1"; }, Actor::administrator, "hostname = \"mail.example.com\""},
      {"name", [](World& w) { w.subject.mail.hostname = "web1.local"; }, Actor::administrator, "hostname = \"mail.example.com\""},
  };
  for (const Broken& broken : kBroken) {
    World world;
    broken.how(world);
    const Finding finding = finding_of(world.check(), broken.check);
    INFO(finding.check << ": " << finding.evidence);
    CHECK(finding.state == State::wrong);
    CHECK(finding.actor == broken.actor);
    CHECK_FALSE(finding.evidence.empty());
    CHECK_FALSE(finding.remedy.empty());
    REQUIRE_FALSE(finding.paste.empty());
    CHECK(finding.paste.front() == broken.paste);
  }
}

TEST_CASE("doctor: nothing is wrong with the records of hosts that are fine in unusual ways") {
  const std::pair<const char*, std::function<void(World&)>> kFine[] = {
      {"one address", [](World&) {}},
      {"several addresses",
       [](World& w) {
         w.subject.mail.addresses.push_back(address("192.0.2.11"));
         w.dns.forget("here.example").txt("here.example", "v=spf1 a:mail.here.example -all");
         w.dns.a("mail.here.example", "192.0.2.11").ptr("11.2.0.192.in-addr.arpa", "mail.here.example");
       }},
      {"several names of an address", [](World& w) { w.dns.ptr("10.2.0.192.in-addr.arpa", "www.here.example"); }},
      {"both families", [](World& w) { w.add_ipv6(), w.dns.ptr(w.ptr6(), "mail.here.example"); }},
      {"behind a router without any record of it",
       [](World& w) { w.subject = subject_behind_router(), w.dns.forget("10.2.0.192.in-addr.arpa"); }},
      {"behind a router for IPv4 alone",
       [](World& w) {
         w.add_ipv6();
         w.dns.ptr(w.ptr6(), "mail.here.example");
         w.subject.mail.addresses = {address("2001:db8::10")};
         w.subject.sources = {address("10.0.0.5"), address("2001:db8::10")};
       }},
      {"another DNS inside",
       [](World& w) {
         w.dns.forget("mail.here.example").a("mail.here.example", "10.0.0.5").forget("10.2.0.192.in-addr.arpa").forget("here.example");
       }},
      {"a provider",
       [](World& w) { w.subject = subject_of_provider(), w.dns.forget("10.2.0.192.in-addr.arpa").forget("mail.here.example"); }},
      {"a provider and a short name", [](World& w) { w.subject = subject_of_provider(), w.subject.mail.hostname = "laptop"; }},
      {"the record of a parent domain",
       [](World& w) {
         w.subject.mail.domain = proto::Domain::parse("news.here.example").value();
         w.dns.txt("news.here.example", "v=spf1 include:here.example -all");
       }},
      {"no keys", [](World& w) { w.subject.mail.keys.clear(), w.dns.forget("r1._domainkey.here.example"); }},
  };
  for (const auto& [title, how] : kFine) {
    World world;
    how(world);
    INFO(title);
    CHECK(wrong_ones(world.check()).empty());
  }
}

TEST_CASE("doctor: where the address has another name, that may be the one for this host") {
  World world;
  world.subject.mail.hostname = "web1.here.example";
  const Findings findings = world.check();
  const Finding finding = finding_of(findings, "ptr 192.0.2.10");
  REQUIRE(finding.paste.size() == 2);
  CHECK(finding.paste[1] == "hostname = \"mail.here.example\"");
  CHECK(finding_of(findings, "address 192.0.2.10").state == State::wrong);
}

TEST_CASE("doctor: an IPv6 address without a name is wrong, and IPv4 alone is the way until it has one") {
  World world;
  world.add_ipv6();
  const Findings findings = world.check();
  const Finding finding = finding_of(findings, "ptr 2001:db8::10");
  CHECK(finding.state == State::wrong);
  REQUIRE(finding.paste.size() == 2);
  CHECK(finding.paste[1] == "[delivery]\naddress_family = \"ipv4\"");
  CHECK(finding_of(findings, "ptr 192.0.2.10").state == State::fine);
}

TEST_CASE("doctor: behind a router the address that other hosts see is asked for") {
  World world;
  world.subject = subject_behind_router();
  const Findings findings = world.check();
  const Finding finding = finding_of(findings, "ptr 192.0.2.10");  // the name's
  CHECK(finding.state == State::unknown);
  CHECK_THAT(finding.evidence, Catch::Contains("10.0.0.5"));
  CHECK(finding.paste == std::vector<std::string>{"[doctor]\naddresses = [\"ADDRESS\"]"});
  CHECK(finding_of(findings, "spf here.example").state == State::unknown);
  CHECK(finding_of(findings, "dmarc _dmarc.here.example").state == State::fine);
}

TEST_CASE("doctor: a name without an address is wrong behind a router, too") {
  World world;
  world.subject = subject_behind_router();
  world.dns.forget("mail.here.example");
  CHECK(finding_of(world.check(), "address").state == State::wrong);
}

TEST_CASE("doctor: a DNS that fails leaves everything unknown") {
  World world;
  for (const char* name :
       {"r1._domainkey.here.example", "here.example", "_dmarc.here.example", "mail.here.example", "10.2.0.192.in-addr.arpa"})
    world.dns.fail(name);
  for (const Finding& one : world.check()) {
    INFO(one.check << ": " << one.evidence);
    CHECK(one.state == (one.check == "name" ? State::fine : State::unknown));
    CHECK(one.paste.empty());
  }
}

TEST_CASE("doctor: what a provider makes needless is not needed") {
  World world;
  world.subject = subject_of_provider();
  const Findings findings = world.check();
  CHECK(finding_of(findings, "ptr").state == State::not_needed);
  CHECK(finding_of(findings, "address").state == State::not_needed);
  CHECK(finding_of(findings, "spf here.example").state == State::not_needed);
}

TEST_CASE("doctor: keys that this user cannot read are unknown") {
  World world;
  world.subject.mail.keys.clear();
  world.subject.keys_unknown_because = "/etc/mxpress/dkim/a.pem: Permission denied";
  const Finding finding = finding_of(world.check(), "dkim");
  CHECK(finding.state == State::unknown);
  CHECK_THAT(finding.evidence, Catch::Contains("Permission denied"));
}

}  // namespace mxpress::testing
