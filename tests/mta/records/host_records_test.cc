// The records in the DNS that a host's mail needs.
#include "mta/records/host_records.h"

#include <catch2/catch.hpp>
#include <map>

#include "mta/dkim/key_record.h"
#include "tests/support/content_source.h"
#include "tests/support/dkim_keys.h"
#include "tests/support/scripted_resolver.h"

namespace mxpress::testing {
namespace {

using namespace mta::records;

struct World {
  ScriptedResolver dns;
  HostMail mail{proto::Domain::parse("here.example").value(),
                {{proto::Domain::parse("here.example").value(), "r1", rsa_key().public_key()}},
                "mail.here.example",
                {dns::Address::parse("192.0.2.10").value()},
                {},
                {}};

  std::map<std::string, HostRecord> check() {
    std::map<std::string, HostRecord> records;
    for (HostRecord& record : run(check_host_records(mail, dns))) {
      const std::string title = record.title;
      records.emplace(title, std::move(record));
    }
    return records;
  }
  void publish_all() {
    dns.txt("r1._domainkey.here.example", mta::dkim::record_text(rsa_key().public_key()));
    dns.txt("here.example", "v=spf1 ip4:192.0.2.10 -all").txt("here.example", "site-verification=x");
    dns.txt("_dmarc.here.example", "v=DMARC1; p=quarantine");
    dns.a("mail.here.example", "192.0.2.10").ptr("10.2.0.192.in-addr.arpa", "mail.here.example");
  }
};

std::string notes_of(const HostRecord& record) {
  std::string all;
  for (const std::string& note : record.notes) all += note + " ";
  return all;
}

}  // namespace

TEST_CASE("host records: nothing published: each is absent, with what to publish") {
  World world;
  const auto records = world.check();
  CHECK(records.size() == 5);
  for (const auto& [title, record] : records) {
    INFO(title);
    CHECK(record.state == RecordState::absent);
    CHECK_FALSE(record.value.empty());
  }
  CHECK(records.at("SPF").value == "\"v=spf1 ip4:192.0.2.10 ~all\"");
  CHECK(records.at("DMARC").value == "\"v=DMARC1; p=none\"");
  CHECK(records.at("PTR of 192.0.2.10").name == "10.2.0.192.in-addr.arpa");
  CHECK(records.at("PTR of 192.0.2.10").value == "mail.here.example.");
  CHECK(records.at("DKIM key r1").value == mta::dkim::zone_strings(mta::dkim::record_text(rsa_key().public_key())));
}

TEST_CASE("host records: all published: each is right") {
  World world;
  world.publish_all();
  for (const auto& [title, record] : world.check()) {
    INFO(title << ": " << notes_of(record));
    CHECK(record.state == RecordState::right);
  }
}

TEST_CASE("host records: others than ours are different, and say why") {
  World world;
  world.dns.txt("r1._domainkey.here.example", mta::dkim::record_text(ed25519_key().public_key()));
  world.dns.txt("here.example", "v=spf1 mx -all").mx("here.example", 10, "mx.there.example").a("mx.there.example", "198.51.100.7");
  world.dns.txt("_dmarc.here.example", "v=DMARC1; p=none").txt("_dmarc.here.example", "v=DMARC1; p=reject");
  world.dns.a("mail.here.example", "192.0.2.99").ptr("10.2.0.192.in-addr.arpa", "static-10.provider.example");
  const auto records = world.check();
  for (const auto& [title, record] : records) {
    INFO(title);
    CHECK(record.state == RecordState::different);
    CHECK_FALSE(record.found.empty());
  }
  CHECK(records.at("SPF").value == "\"v=spf1 ip4:192.0.2.10 mx -all\"");
  CHECK_THAT(notes_of(records.at("PTR of 192.0.2.10")), Catch::Contains("provider"));
}

TEST_CASE("host records: what the DNS does not say is not known, and never absent") {
  World world;
  for (const char* name :
       {"r1._domainkey.here.example", "here.example", "_dmarc.here.example", "mail.here.example", "10.2.0.192.in-addr.arpa"})
    world.dns.fail(name);
  for (const auto& [title, record] : world.check()) {
    INFO(title);
    CHECK(record.state == RecordState::unknown);
    CHECK_THAT(notes_of(record), Catch::Contains("SERVFAIL"));
  }
}

TEST_CASE("host records: a policy of a domain above holds, and is kept") {
  World world;
  world.mail.domain = proto::Domain::parse("sub.here.example").value();
  world.dns.txt("_dmarc.here.example", "v=DMARC1; p=reject; pct=20");
  const HostRecord record = world.check().at("DMARC");
  CHECK(record.state == RecordState::right);
  CHECK(record.name == "_dmarc.here.example");
  CHECK_THAT(notes_of(record), Catch::Contains("pct="));
}

TEST_CASE("host records: behind a router the addresses are those of the host's name") {
  World world;
  world.mail.addresses.clear();
  world.dns.a("mail.here.example", "192.0.2.30").aaaa("mail.here.example", "2001:db8::30");
  const auto records = world.check();
  CHECK(records.at("SPF").value == "\"v=spf1 ip4:192.0.2.30 ip6:2001:db8::30 ~all\"");
  CHECK(records.contains("PTR of 2001:db8::30"));
  world.dns.forget("mail.here.example");
  const auto without = world.check();
  CHECK(without.at("Address of mail.here.example").state == RecordState::absent);
  CHECK(without.at("SPF").value.empty());
}

TEST_CASE("host records: through a provider its record is included, and the address of this host does not matter") {
  World world;
  world.mail.next_hop = "smtp.p.example";
  world.mail.next_hop_spf = "_spf.p.example";
  world.dns.txt("_spf.p.example", "v=spf1 ip4:203.0.113.0/24 -all").txt("here.example", "v=spf1 ip4:198.51.100.1 -all");
  auto records = world.check();
  CHECK(records.size() == 3);
  CHECK(records.at("SPF").value == "\"v=spf1 include:_spf.p.example ip4:198.51.100.1 -all\"");
  world.mail.next_hop_spf.clear();
  records = world.check();
  CHECK(records.at("SPF").state == RecordState::elsewhere);
  CHECK_THAT(notes_of(records.at("SPF")), Catch::Contains("smtp.p.example"));
}

TEST_CASE("host records: more look-ups than receivers make are told") {
  World world;
  std::string record = "v=spf1 ip4:192.0.2.10";
  for (int i = 0; i < 11; ++i) {
    const std::string name = "s" + std::to_string(i) + ".example";
    world.dns.txt(name, "v=spf1 ip4:203.0.113.1 -all");
    record += " include:" + name;
  }
  world.dns.txt("here.example", record + " -all");
  const HostRecord spf = world.check().at("SPF");
  CHECK(spf.state == RecordState::different);
  CHECK_THAT(notes_of(spf), Catch::Contains("more than 10 look-ups for it (11: include:s0.example 1, "));
}

TEST_CASE("host records: an include that would make it too many look-ups is told before it is published") {
  World world;
  world.mail.next_hop = "smtp.p.example";
  world.mail.next_hop_spf = "_spf.p.example";
  world.dns.txt("_spf.p.example", "v=spf1 include:a.p.example include:b.p.example -all");
  world.dns.txt("a.p.example", "v=spf1 a mx -all").txt("b.p.example", "v=spf1 a mx -all");
  world.dns.txt("here.example", "v=spf1 mx a exists:%{i}.here.example include:other.example -all").txt("other.example", "v=spf1 mx -all");
  const HostRecord spf = world.check().at("SPF");
  CHECK(spf.value == "\"v=spf1 include:_spf.p.example mx a exists:%{i}.here.example include:other.example -all\"");
  CHECK_THAT(notes_of(spf), Catch::Contains("(12: include:_spf.p.example 7, include:other.example 2, "));
}

}  // namespace mxpress::testing
