// SPF evaluated as receivers do.
#include "mta/spf/evaluation.h"

#include <catch2/catch.hpp>
#include <tuple>

#include "tests/support/content_source.h"
#include "tests/support/scripted_resolver.h"

namespace mxpress::testing {
namespace {

using namespace mta::spf;

const Evaluation::Clock::time_point kNever = Evaluation::Clock::time_point::max();

Client client(const std::string& address, const std::string& sender = "jo@here.example") {
  return {.address = dns::Address::parse(address).value(), .helo = "out.here.example", .sender = sender};
}

Verdict check(ScriptedResolver& resolver, const std::string& address, const std::string& record) {
  Evaluation evaluation(resolver, client(address), kNever);
  return run(evaluation.check_record("here.example", record));
}

Verdict check_sender(ScriptedResolver& resolver, const std::string& sender, const std::string& address = "192.0.2.10") {
  Evaluation evaluation(resolver, client(address, sender), kNever);
  return run(evaluation.check());
}

ScriptedResolver world() {
  ScriptedResolver dns;
  dns.a("here.example", "192.0.2.10").aaaa("here.example", "2001:db8::10").mx("here.example", 10, "mx.here.example");
  dns.a("mx.here.example", "192.0.2.20").mx("null.example", 0, "");
  dns.txt("_spf.p.example", "v=spf1 ip4:203.0.113.0/24 -all").txt("soft.example", "v=spf1 ~all");
  dns.txt("two.example", "v=spf1 -all").txt("two.example", "v=spf1 +all").fail("dead.example");
  dns.txt("broken.example", "v=spf1 ip4:192.0.2.10 all2").txt("plain.example", "not SPF");
  dns.a("10.2.0.192.ok.example", "127.0.0.2").a("jo.user.example", "127.0.0.2");
  dns.ptr("10.2.0.192.in-addr.arpa", "liar.example").ptr("10.2.0.192.in-addr.arpa", "out.mail.example");
  dns.a("liar.example", "192.0.2.99").a("out.mail.example", "192.0.2.10");
  return dns;
}

}  // namespace

TEST_CASE("spf evaluation: mechanisms, qualifiers and redirect") {
  ScriptedResolver dns = world();
  const std::tuple<std::string, std::string, CheckResult> rows[] = {
      {"192.0.2.10", "v=spf1 ip4:192.0.2.10 -all", CheckResult::pass},
      {"192.0.2.11", "v=spf1 ip4:192.0.2.10 -all", CheckResult::fail},
      {"192.0.2.11", "v=spf1 ip4:192.0.2.10 ~all", CheckResult::softfail},
      {"192.0.2.11", "v=spf1 ip4:192.0.2.10 ?all", CheckResult::neutral},
      {"192.0.2.11", "v=spf1 IP4:192.0.2.10/28 -all", CheckResult::pass},
      {"192.0.2.200", "v=spf1 ip4:192.0.2.10/24 -all", CheckResult::pass},
      {"::ffff:192.0.2.10", "v=spf1 ip6:::/0 -ip4:192.0.2.10", CheckResult::fail},
      {"2001:db8::10", "v=spf1 ip4:0.0.0.0/0 ip6:2001:db8::/32", CheckResult::pass},
      {"192.0.2.10", "v=spf1 -ip4:192.0.2.10 ip4:192.0.2.10", CheckResult::fail},
      {"192.0.2.10", "v=spf1 -all ip4:192.0.2.10", CheckResult::fail},
      {"192.0.2.10", "v=spf1 a -all", CheckResult::pass},
      {"2001:db8::10", "v=spf1 a -all", CheckResult::pass},
      {"2001:db8::11", "v=spf1 a/24//64 -all", CheckResult::pass},
      {"192.0.2.99", "v=spf1 a/24 -all", CheckResult::pass},
      {"192.0.2.20", "v=spf1 mx -all", CheckResult::pass},
      {"192.0.2.20", "v=spf1 mx:nowhere.example ~all", CheckResult::softfail},
      {"192.0.2.20", "v=spf1 mx:null.example ~all", CheckResult::softfail},
      {"203.0.113.5", "v=spf1 include:_spf.p.example -all", CheckResult::pass},
      {"203.0.113.5", "v=spf1 -include:_spf.p.example all", CheckResult::fail},
      {"203.0.113.5", "v=spf1 redirect=_spf.p.example", CheckResult::pass},
      {"203.0.113.5", "v=spf1 redirect=_spf.p.example ?all", CheckResult::neutral},
      {"198.51.100.1", "v=spf1 redirect=_spf.p.example", CheckResult::fail},
      {"203.0.113.5", "v=spf1 redirect=nowhere.example", CheckResult::permerror},
      {"203.0.113.5", "v=spf1 include:soft.example -all", CheckResult::fail},
      {"203.0.113.5", "v=spf1 include:nowhere.example -all", CheckResult::permerror},
      {"203.0.113.5", "v=spf1 include:plain.example -all", CheckResult::permerror},
      {"203.0.113.5", "v=spf1 include:two.example -all", CheckResult::permerror},
      {"192.0.2.10", "v=spf1 include:broken.example -all", CheckResult::permerror},
      {"203.0.113.5", "v=spf1 include:dead.example -all", CheckResult::temperror},
      {"203.0.113.5", "v=spf1 a:dead.example -all", CheckResult::temperror},
      {"203.0.113.5", "v=spf1 mx:dead.example -all", CheckResult::temperror},
      {"203.0.113.5", "v=spf1 exists:dead.example -all", CheckResult::temperror},
      {"192.0.2.10", "v=spf1 ip4:192.0.2.10 a:dead.example -all", CheckResult::pass},
      {"192.0.2.10", "v=spf1 exists:%{ir}.ok.example -all", CheckResult::pass},
      {"203.0.113.5", "v=spf1 exists:%{ir}.ok.example -all", CheckResult::fail},
      {"2001:db8::10", "v=spf1 exists:%{l}.user.example -all", CheckResult::pass},
      {"192.0.2.10", "v=spf1 ptr:mail.example -all", CheckResult::pass},
      {"192.0.2.10", "v=spf1 ptr:liar.example -all", CheckResult::fail},
      {"192.0.2.10", "v=spf1 a:%{p} -all", CheckResult::pass},
      {"203.0.113.5", "v=spf1 ptr:mail.example -all", CheckResult::fail},
      {"192.0.2.10", "v=spf1 a:%{s}..example -all", CheckResult::fail},
      {"203.0.113.5", "v=spf1 ipv4:203.0.113.5", CheckResult::permerror},
      {"203.0.113.5", "v=spf1 all ip4:nonsense", CheckResult::permerror},
      {"203.0.113.5", "v=spf1", CheckResult::neutral},
  };
  for (const auto& [from, record, result] : rows) {
    INFO(from << " " << record);
    const Verdict verdict = check(dns, from, record);
    CHECK(to_string(verdict.result) == to_string(result));
    CHECK(verdict.problem.empty() == (result != CheckResult::temperror && result != CheckResult::permerror));
  }
}

TEST_CASE("spf evaluation: which domain is asked") {
  ScriptedResolver dns = world();
  dns.txt("here.example", "v=spf1 a -all").txt("out.here.example", "v=spf1 ip4:192.0.2.10 exists:postmaster.%{l}.x ~all");
  dns.txt("xn--bcher-kva.example", "v=spf1 ip4:192.0.2.10 -all");
  CHECK(check_sender(dns, "jo@here.example").result == CheckResult::pass);
  CHECK(check_sender(dns, "jo@HERE.Example.").result == CheckResult::pass);
  CHECK(check_sender(dns, "\"j@o\"@here.example").result == CheckResult::pass);
  CHECK(check_sender(dns,
                     "jo@b\xc3\xbc"
                     "cher.example")
            .result == CheckResult::pass);
  CHECK(check_sender(dns, "").domain == "out.here.example");
  CHECK(check_sender(dns, "").result == CheckResult::pass);
  CHECK(check_sender(dns, "jo@dead.example").result == CheckResult::temperror);
  CHECK(check_sender(dns, "jo@two.example").result == CheckResult::permerror);
  for (const char* sender : {"jo@nowhere.example", "jo@plain.example", "jo@localhost", "jo@[192.0.2.1]", "jo@a..example", "jo@192.0.2.1"}) {
    INFO(sender);
    const Verdict verdict = check_sender(dns, sender);
    CHECK(verdict.result == CheckResult::none);
    CHECK_FALSE(verdict.problem.empty());
  }
}

TEST_CASE("spf evaluation: the verdict names the record and the mechanism") {
  ScriptedResolver dns = world();
  dns.txt("here.example", "v=spf1 redirect=_spf.p.example");
  const Verdict verdict = check_sender(dns, "jo@here.example", "203.0.113.9");
  CHECK(verdict.domain == "_spf.p.example");
  CHECK(verdict.term == "ip4:203.0.113.0/24");
}

TEST_CASE("spf evaluation: ten terms may need the DNS, also within includes; the eleventh is an error") {
  ScriptedResolver dns = world();
  std::string ten;
  for (int i = 0; i < 10; ++i) ten += " a:here.example";
  CHECK(check(dns, "198.51.100.1", "v=spf1" + ten + " ip4:198.51.100.1").result == CheckResult::pass);
  CHECK(check(dns, "198.51.100.1", "v=spf1" + ten + " mx ip4:198.51.100.1").result == CheckResult::permerror);
  CHECK(check(dns, "198.51.100.1", "v=spf1" + ten + " redirect=_spf.p.example").result == CheckResult::permerror);
  dns.txt("nine.example", "v=spf1" + ten.substr(ten.find(" a", 1)) + " -all");
  CHECK(check(dns, "198.51.100.1", "v=spf1 include:nine.example ~all").result == CheckResult::softfail);
  CHECK(check(dns, "198.51.100.1", "v=spf1 include:nine.example a ~all").result == CheckResult::permerror);
  dns.txt("loop.example", "v=spf1 include:loop.example -all").txt("round.example", "v=spf1 redirect=round.example");
  dns.asked.clear();
  CHECK(check_sender(dns, "jo@loop.example").result == CheckResult::permerror);
  CHECK(check_sender(dns, "jo@round.example").result == CheckResult::permerror);
  CHECK(dns.asked.size() == 22);
}

TEST_CASE("spf evaluation: two names without records are allowed, a third is an error") {
  ScriptedResolver dns = world();
  CHECK(check(dns, "198.51.100.1", "v=spf1 a:x1.example mx:x2.example ~all").result == CheckResult::softfail);
  CHECK(check(dns, "198.51.100.1", "v=spf1 a:x1.example mx:x2.example exists:x3.example ~all").result == CheckResult::permerror);
  CHECK(check(dns, "198.51.100.1", "v=spf1 ptr ptr:a.example ptr:b.example ~all").result == CheckResult::softfail);
}

TEST_CASE("spf evaluation: an IPv6 client does not fail because three mail hosts have IPv4 addresses alone") {
  ScriptedResolver dns = world();
  for (const char* host : {"m1.example", "m2.example", "m3.example"}) dns.mx("hosts.example", 10, host).a(host, "192.0.2.33");
  CHECK(check(dns, "2001:db8::99", "v=spf1 mx:hosts.example ~all").result == CheckResult::softfail);
}

TEST_CASE("spf evaluation: more than ten mail hosts are an error, more than ten names of an address are not looked at") {
  ScriptedResolver dns = world();
  for (int i = 0; i < 11; ++i) {
    const std::string name = "h" + std::to_string(i) + ".many.example";
    dns.mx("many.example", 10, name).ptr("7.2.0.192.in-addr.arpa", name).a(name, i == 10 ? "192.0.2.7" : "192.0.2.8");
  }
  CHECK(check(dns, "192.0.2.8", "v=spf1 mx:many.example ~all").result == CheckResult::permerror);
  CHECK(check(dns, "192.0.2.7", "v=spf1 ptr:many.example ~all").result == CheckResult::softfail);
}

TEST_CASE("spf evaluation: a domain that says why mail fails is quoted, and only for fail") {
  ScriptedResolver dns = world();
  dns.txt("why.example", "%{i} may not send for %{o}: see https://%{d}/?u=%{S}");
  const auto explanation = [&](const std::string& record) { return check(dns, "198.51.100.1", record).explanation; };
  CHECK(explanation("v=spf1 -all exp=why.example") ==
        "198.51.100.1 may not send for here.example: see https://here.example/?u=jo%40here.example");
  CHECK(explanation("v=spf1 ~all exp=why.example").empty());
  CHECK(explanation("v=spf1 -all exp=nowhere.example").empty());
  CHECK(explanation("v=spf1 -all exp=dead.example").empty());
  CHECK(explanation("v=spf1 -all exp=two.example").empty());
  dns.txt("badwhy.example", "%{q}").txt("umlaut.example", "gr\xc3\xbc\xc3\x9f");
  CHECK(explanation("v=spf1 -all exp=badwhy.example").empty());
  CHECK(explanation("v=spf1 -all exp=umlaut.example").empty());
  dns.txt("said.example", "v=spf1 -all exp=why.example");
  CHECK(explanation("v=spf1 include:said.example -all").empty());
  CHECK_FALSE(explanation("v=spf1 redirect=said.example").empty());
  CHECK(explanation("v=spf1 exp=why.example redirect=soft.example").empty());
}

TEST_CASE("spf evaluation: an explanation cannot control a terminal") {
  ScriptedResolver dns = world();
  Client odd = client("198.51.100.1", "a\x1b[2J\r\n@here.example");
  dns.txt("why.example", "%{l}!");
  Evaluation evaluation(dns, odd, kNever);
  CHECK(run(evaluation.check_record("here.example", "v=spf1 -all exp=why.example")).explanation == "a[2J !");
}

TEST_CASE("spf evaluation: a domain whose servers take their time is not asked without end") {
  ScriptedResolver dns;
  dns.txt("slow.example", "v=spf1 ip4:192.0.2.7 -all");
  const auto result_until = [&](Evaluation::Clock::time_point until) {
    Evaluation evaluation(dns, client("192.0.2.7"), until);
    return run(evaluation.check_record("here.example", "v=spf1 include:slow.example -all")).result;
  };
  CHECK(result_until(kNever) == CheckResult::pass);
  CHECK(result_until(Evaluation::Clock::now()) == CheckResult::temperror);
}

}  // namespace mxpress::testing
