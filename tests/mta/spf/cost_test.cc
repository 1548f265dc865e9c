// What an SPF record costs receivers.
#include "mta/spf/cost.h"

#include <catch2/catch.hpp>

#include "tests/support/content_source.h"
#include "tests/support/scripted_resolver.h"

namespace mxpress::testing {
namespace {

using namespace mta::spf;

Cost full_cost(ScriptedResolver& resolver, const std::string& record) {
  return run(cost_of(resolver, record, std::chrono::steady_clock::time_point::max()));
}

}  // namespace

TEST_CASE("spf cost: all look-ups count that any address may need, those behind includes and redirect as well") {
  ScriptedResolver dns;
  dns.txt("a.example", "v=spf1 ip4:0.0.0.0/0 a mx include:b.example -all include:c.example")
      .txt("b.example", "v=spf1 ptr redirect=d.example");
  dns.txt("d.example", "v=spf1 exists:%{i}.d.example ?all");
  const Cost cost = full_cost(dns, "v=spf1 mx include:a.example ip4:192.0.2.1 redirect=d.example");
  CHECK(cost.lookups == 10);
  REQUIRE(cost.terms.size() == 3);
  CHECK((cost.terms[0].text == "mx" && cost.terms[0].lookups == 1));
  CHECK((cost.terms[1].text == "include:a.example" && cost.terms[1].lookups == 7));
  CHECK((cost.terms[2].text == "redirect=d.example" && cost.terms[2].lookups == 2));
  CHECK(cost.notes.empty());
  CHECK(full_cost(dns, "v=spf1 ip4:192.0.2.1 -all redirect=d.example").lookups == 0);
}

TEST_CASE("spf cost: what cannot be counted is told, and the rest is counted; a loop ends") {
  ScriptedResolver dns;
  dns.fail("dead.example")
      .txt("two.example", "v=spf1 -all")
      .txt("two.example", "v=spf1 +all")
      .txt("loop.example", "v=spf1 include:loop.example");
  const Cost cost = full_cost(
      dns, "v=spf1 include:dead.example include:%{d}.x.example include:none.example include:two.example include:two.example mx -all");
  CHECK(cost.lookups == 6);
  std::string notes;
  for (const std::string& note : cost.notes) notes += note + "\n";
  CHECK_THAT(notes, Catch::Contains("\"include:dead.example\" could not be looked up") &&
                        Catch::Contains("\"include:%{d}.x.example\" has a macro") &&
                        Catch::Contains("\"include:none.example\" leads to no SPF record") &&
                        Catch::Contains("\"include:two.example\" leads to several"));
  CHECK(cost.notes.size() == 4);
  CHECK(full_cost(dns, "v=spf1 include:loop.example -all").lookups == Cost::kMostCounted + 1);
  CHECK(dns.asked.size() < 100);
  const Cost late = run(cost_of(dns, "v=spf1 include:two.example mx -all", std::chrono::steady_clock::now()));
  CHECK(late.lookups == 2);
  CHECK_THAT(late.notes.at(0), Catch::Contains("too long"));
}

}  // namespace mxpress::testing
