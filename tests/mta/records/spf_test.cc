// SPF records: merged without loss, and evaluated as receivers do.
#include "mta/records/spf.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include "mta/dkim/key_record.h"
#include "mta/records/spf_check.h"
#include "mta/records/spf_cost.h"
#include "tests/support/content_source.h"
#include "tests/support/scripted_resolver.h"

namespace mxpress::testing {
namespace {

using namespace mta::records;
using Texts = std::vector<std::string>;

dns::Address address(const std::string& text) { return dns::Address::parse(text).value(); }

struct Row {
  Texts records, missing;
  std::string text;
  std::string warning;  // part of one; empty: none
};

SpfResult check(ScriptedResolver& resolver, const std::string& from, const std::string& record) {
  SpfCheck check(resolver, address(from));
  return run(check.of("here.example", record));
}

}  // namespace

TEST_CASE("spf: what is missing is added in front, and all of the domain's own stays") {
  const Texts own = {"ip4:192.0.2.1", "ip6:2001:db8::1"};
  const std::string start = "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1";
  const Row rows[] = {
      {{}, own, start + " ~all", ""},
      {{}, {}, "", ""},
      {{"v=spf1 -all"}, own, start + " -all", "no host sends mail"},
      {{"v=spf1 ~all"}, own, start + " ~all", ""},
      {{"v=spf1"}, own, start, ""},
      {{"v=spf1 mx a:web.here.example -all"}, own, start + " mx a:web.here.example -all", ""},
      {{"v=spf1 redirect=_spf.there.example"}, own, start + " redirect=_spf.there.example", ""},
      {{"v=spf1 include:a.example include:b.example ?all"},
       {"include:_spf.p.example"},
       "v=spf1 include:_spf.p.example include:a.example include:b.example ?all",
       "?all"},
      {{"V=SPF1 IP4:192.0.2.9 MX -ALL"}, own, "V=SPF1 ip4:192.0.2.1 ip6:2001:db8::1 IP4:192.0.2.9 MX -ALL", ""},
      {{"v=spf1  mx   -all"}, {}, "v=spf1  mx   -all", ""},
      {{"v=spf1 mx -all", "v=spf1 a mx ~all"}, own, start + " mx a -all", "2 SPF records"},
      {{"v=spf1 +all"}, own, start + " +all", "every host on earth"},
      {{"v=spf1 all"}, own, start + " all", "every host on earth"},
      {{"v=spf1 ipv4:192.0.2.7 -all"}, own, start + " ipv4:192.0.2.7 -all", "no mechanism"},
      {{"v=spf1 ptr -all"}, own, start + " ptr -all", "ptr"},
  };
  for (const Row& row : rows) {
    const SpfMerge merge = merge_spf(row.records, row.missing);
    INFO((row.records.empty() ? "none" : row.records.front()));
    CHECK(merge.text == row.text);
    std::string warnings;
    for (const std::string& warning : merge.warnings) warnings += warning + "; ";
    CHECK_THAT(warnings, Catch::Contains(row.warning));
    if (row.warning.empty()) CHECK(warnings.empty());
  }
}

TEST_CASE("spf: a long record is split into strings of at most 255 octets, and too long a one is told") {
  std::string record = "v=spf1";
  for (int i = 0; i < 40; ++i) record += " ip4:198.51.100." + std::to_string(i);
  const SpfMerge merge = merge_spf({record + " -all"}, {"ip4:192.0.2.1"});
  CHECK(merge.text == "v=spf1 ip4:192.0.2.1" + record.substr(6) + " -all");
  CHECK_THAT(merge.warnings.at(0), Catch::Contains("octets"));
  std::string joined;
  const std::string zone = mta::dkim::zone_strings(merge.text);
  for (std::size_t at = 0; at < zone.size();) {
    const auto end = zone.find('"', at + 1);
    CHECK(end - at - 1 <= 255);
    joined += zone.substr(at + 1, end - at - 1);
    at = end + 2;
  }
  CHECK(joined == merge.text);
}

TEST_CASE("spf: only records that begin with the version are records of SPF") {
  CHECK(spf_records_of({"v=spf1 -all", "V=SPF1", "v=spf10 -all", "v=spf1;-all", "spf2.0/pra", "google-site-verification=x"}) ==
        Texts{"v=spf1 -all", "V=SPF1"});
}

TEST_CASE("spf: an address is covered by what receivers evaluate") {
  ScriptedResolver dns;
  dns.a("here.example", "192.0.2.10").aaaa("here.example", "2001:db8::10").mx("here.example", 10, "mx.here.example");
  dns.a("mx.here.example", "192.0.2.20");
  dns.txt("_spf.p.example", "v=spf1 ip4:203.0.113.0/24 -all").txt("soft.example", "v=spf1 ~all");
  dns.txt("two.example", "v=spf1 -all").txt("two.example", "v=spf1 +all").fail("dead.example");
  const std::tuple<std::string, std::string, SpfResult> rows[] = {
      {"192.0.2.10", "v=spf1 ip4:192.0.2.10 -all", SpfResult::pass},
      {"192.0.2.11", "v=spf1 ip4:192.0.2.10 -all", SpfResult::no_pass},
      {"192.0.2.11", "v=spf1 IP4:192.0.2.10/28 -all", SpfResult::pass},
      {"192.0.2.200", "v=spf1 ip4:192.0.2.10/24 -all", SpfResult::pass},
      {"192.0.2.10", "v=spf1 -ip4:192.0.2.10 ip4:192.0.2.10", SpfResult::no_pass},
      {"192.0.2.10", "v=spf1 -all ip4:192.0.2.10", SpfResult::no_pass},
      {"192.0.2.10", "v=spf1 a -all", SpfResult::pass},
      {"2001:db8::10", "v=spf1 a -all", SpfResult::pass},
      {"2001:db8::11", "v=spf1 a/24//64 -all", SpfResult::pass},
      {"192.0.2.99", "v=spf1 a/24 -all", SpfResult::pass},
      {"192.0.2.20", "v=spf1 mx -all", SpfResult::pass},
      {"192.0.2.20", "v=spf1 mx:nowhere.example ~all", SpfResult::no_pass},
      {"203.0.113.5", "v=spf1 include:_spf.p.example -all", SpfResult::pass},
      {"203.0.113.5", "v=spf1 redirect=_spf.p.example", SpfResult::pass},
      {"203.0.113.5", "v=spf1 include:soft.example -all", SpfResult::no_pass},
      {"203.0.113.5", "v=spf1 include:nowhere.example -all", SpfResult::error},
      {"203.0.113.5", "v=spf1 include:two.example -all", SpfResult::error},
      {"203.0.113.5", "v=spf1 include:dead.example -all", SpfResult::unknown},
      {"203.0.113.5", "v=spf1 exists:%{i}.x.example -all", SpfResult::unknown},
      {"203.0.113.5", "v=spf1 ipv4:203.0.113.5", SpfResult::error},
      {"203.0.113.5", "v=spf1 ip4:nonsense", SpfResult::error},
      {"203.0.113.5", "v=spf1", SpfResult::no_pass},
  };
  for (const auto& [from, record, result] : rows) {
    INFO(from << " " << record);
    CHECK(check(dns, from, record) == result);
  }
}

TEST_CASE("spf check: a domain whose servers take their time is not asked without end") {
  ScriptedResolver resolver;
  resolver.txt("slow.example", "v=spf1 ip4:192.0.2.7 -all");
  const auto result_until = [&](SpfCheck::Clock::time_point until) {
    SpfCheck check(resolver, address("192.0.2.7"), until);
    return run(check.of("here.example", "v=spf1 include:slow.example -all"));
  };
  CHECK(result_until(SpfCheck::Clock::now() + SpfCheck::kMostTime) == SpfResult::pass);
  CHECK(result_until(SpfCheck::Clock::now()) == SpfResult::unknown);
}

TEST_CASE("spf cost: all look-ups count that any address may need, those behind includes and redirect as well") {
  ScriptedResolver dns;
  dns.txt("a.example", "v=spf1 ip4:0.0.0.0/0 a mx include:b.example -all include:c.example")
      .txt("b.example", "v=spf1 ptr redirect=d.example");
  dns.txt("d.example", "v=spf1 exists:%{i}.d.example ?all");
  const SpfCost cost = run(spf_cost(dns, "v=spf1 mx include:a.example ip4:192.0.2.1 redirect=d.example"));
  CHECK(cost.lookups == 10);
  REQUIRE(cost.terms.size() == 3);
  CHECK((cost.terms[0].text == "mx" && cost.terms[0].lookups == 1));
  CHECK((cost.terms[1].text == "include:a.example" && cost.terms[1].lookups == 7));
  CHECK((cost.terms[2].text == "redirect=d.example" && cost.terms[2].lookups == 2));
  CHECK(cost.notes.empty());
  CHECK(run(spf_cost(dns, "v=spf1 ip4:192.0.2.1 -all redirect=d.example")).lookups == 0);
}

TEST_CASE("spf cost: what cannot be counted is told, and the rest is counted; a loop ends") {
  ScriptedResolver dns;
  dns.fail("dead.example")
      .txt("two.example", "v=spf1 -all")
      .txt("two.example", "v=spf1 +all")
      .txt("loop.example", "v=spf1 include:loop.example");
  const SpfCost cost = run(spf_cost(
      dns, "v=spf1 include:dead.example include:%{d}.x.example include:none.example include:two.example include:two.example mx -all"));
  CHECK(cost.lookups == 6);
  std::string notes;
  for (const std::string& note : cost.notes) notes += note + "\n";
  CHECK_THAT(notes, Catch::Contains("\"include:dead.example\" could not be looked up") &&
                        Catch::Contains("\"include:%{d}.x.example\" has a macro") &&
                        Catch::Contains("\"include:none.example\" leads to no SPF record") &&
                        Catch::Contains("\"include:two.example\" leads to several"));
  CHECK(cost.notes.size() == 4);
  CHECK(run(spf_cost(dns, "v=spf1 include:loop.example -all")).lookups == SpfCost::kMostCounted + 1);
  CHECK(dns.asked.size() < 100);
  const SpfCost late = run(spf_cost(dns, "v=spf1 include:two.example mx -all", SpfCheck::Clock::now()));
  CHECK(late.lookups == 2);
  CHECK_THAT(late.notes.at(0), Catch::Contains("too long"));
}

TEST_CASE("spf: a loop of includes ends") {
  ScriptedResolver dns;
  dns.txt("loop.example", "v=spf1 include:loop.example -all");
  CHECK(check(dns, "198.51.100.1", "v=spf1 include:loop.example -all") == SpfResult::error);
  CHECK(dns.asked.size() < 100);
}

}  // namespace mxpress::testing
