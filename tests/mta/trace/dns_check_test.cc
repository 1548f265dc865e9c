// What the DNS says of a chain.
#include "mta/trace/dns_check.h"

#include <catch2/catch.hpp>

#include "tests/support/content_source.h"
#include "tests/support/received_forms.h"
#include "tests/support/scripted_resolver.h"

namespace mxpress::testing {
namespace {

using namespace mta::trace;
using namespace std::chrono_literals;

const WallTime kNow = WallTime(std::chrono::sys_days(2026y / 12 / 1)) + 12h;

Chain chain_of(const std::string& helo, const std::string& client, const std::string& with = "ESMTP") {
  return read_chain(crlf("Return-Path: <alice@sender.example>\nReceived: from " + helo + " (" + client +
                         ") by mx.here.example (Postfix) with " + with + " id 1; Tue, 1 Dec 2026 10:00:05 +0000\n"),
                    {}, kNow);
}

std::size_t doubts(ScriptedResolver& dns, const Chain& chain) { return run(check_names(chain, dns)).doubts(); }

}  // namespace

TEST_CASE("trace dns: SPF of the client that brought the message") {
  ScriptedResolver dns;
  dns.txt("sender.example", "v=spf1 ip4:192.0.2.1 -all").txt("out.sender.example", "v=spf1 ip4:192.0.2.2 -all");
  const auto good = run(check_spf(chain_of("out.sender.example", "unknown [192.0.2.1]"), kNow, dns));
  REQUIRE(good);
  CHECK((good->verdict.result == mta::spf::CheckResult::pass && good->identity == "alice@sender.example"));
  const auto bad = run(check_spf(chain_of("out.sender.example", "unknown [203.0.113.66]"), kNow, dns));
  CHECK(bad->verdict.result == mta::spf::CheckResult::fail);
  Chain null = chain_of("out.sender.example", "unknown [192.0.2.2]");
  null.sender.clear();
  const auto helo = run(check_spf(null, kNow, dns));
  CHECK((helo->verdict.result == mta::spf::CheckResult::pass && helo->identity == "out.sender.example"));
  CHECK_FALSE(run(check_spf(chain_of("pc", "unknown [203.0.113.66]", "ESMTPSA"), kNow, dns)));
  CHECK_FALSE(run(check_spf(Chain(), kNow, dns)));
}

TEST_CASE("trace dns: a name that leads to the address dispels the doubt, another raises it") {
  ScriptedResolver dns;
  dns.a("out.sender.example", "192.0.2.1").a("smtp.bank.example", "198.51.100.7").fail("dead.example").aaaa("six.example", "2001:db8::1");
  CHECK(doubts(dns, chain_of("out.sender.example", "unknown [192.0.2.1]")) == 0);
  CHECK(doubts(dns, chain_of("out.sender.example", "host1.hosting.example [192.0.2.1]")) == 0);
  CHECK(doubts(dns, chain_of("smtp.bank.example", "[203.0.113.66]")) == 1);
  CHECK(doubts(dns, chain_of("smtp.bank.example", "[203.0.113.66]", "ESMTPSA")) == 0);
  CHECK(doubts(dns, chain_of("nowhere.example", "[203.0.113.66]")) == 1);
  CHECK(doubts(dns, chain_of("six.example", "[2001:db8::1]")) == 0);
  CHECK(doubts(dns, chain_of("dead.example", "[203.0.113.66]")) == 0);
  CHECK(doubts(dns, chain_of("a.sender.example", "b.sender.example [203.0.113.66]")) == 0);
  CHECK(doubts(dns, chain_of("pc.lan", "[203.0.113.66]")) == 0);
}

}  // namespace mxpress::testing
