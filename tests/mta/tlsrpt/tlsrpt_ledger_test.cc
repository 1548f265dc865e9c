// Counts by domain and day: sums, bounds, and the file.
#include <catch2/catch.hpp>

#include "mta/tlsrpt/ledger.h"

using namespace mxpress;
using namespace std::chrono_literals;
using mta::net::TlsFailure;
using mta::tlsrpt::Day;
using mta::tlsrpt::Failure;
using mta::tlsrpt::Ledger;
using mta::tlsrpt::Policy;
using mta::tlsrpt::Session;
using Added = Ledger::Added;

namespace {

constexpr Day kDay{std::chrono::year(2026) / 11 / 30};

Session good(const std::string& domain = "there.example") { return {domain, {Policy::Type::none, domain}}; }
Session bad(const std::string& host, TlsFailure type = TlsFailure::starttls_not_supported) {
  Session session = good();
  session.failure = Failure{type, "198.51.100.9", host, "name", "192.0.2.1", "why"};
  return session;
}

const mta::tlsrpt::PolicyCounts& counts_of(const Ledger& ledger) { return ledger.find({kDay, "there.example"})->policies.begin()->second; }

}  // namespace

TEST_CASE("tlsrpt ledger: sessions add up by day, domain, policy and failure") {
  Ledger ledger;
  CHECK(ledger.add(good(), kDay, 5min) == Added::first);
  CHECK(ledger.add(good(), kDay, 7min) == Added::yes);
  CHECK(ledger.add(bad("mx1"), kDay, 0s) == Added::yes);
  CHECK(ledger.add(bad("mx1"), kDay, 0s) == Added::yes);
  CHECK(ledger.add(bad("mx2"), kDay, 0s) == Added::yes);
  CHECK(ledger.add(good(), kDay + std::chrono::days(1), 0s) == Added::first);
  CHECK(ledger.add(good("other.example"), kDay, 0s) == Added::first);
  Session by_sts = good();
  by_sts.policy.type = Policy::Type::sts;
  ledger.add(by_sts, kDay, 0s);
  const auto* const day = ledger.find({kDay, "there.example"});
  REQUIRE(day);
  CHECK(day->policies.size() == 2);
  CHECK(day->sending.delay == 5min);
  CHECK(counts_of(ledger).succeeded == 2);
  CHECK(counts_of(ledger).failed == 3);
  CHECK(counts_of(ledger).failures.size() == 2);
  CHECK(counts_of(ledger).failures.begin()->second == 2);
}

TEST_CASE("tlsrpt ledger: a report is due after the end of its day and its delay, and later after a try") {
  Ledger ledger;
  ledger.add(good(), kDay, 5min);
  const WallTime first = WallTime(kDay) + 24h + 5min;
  CHECK(ledger.due(first - 1s).empty());
  CHECK(ledger.due(first) == std::vector<Ledger::Key>{{kDay, "there.example"}});
  ledger.set_sending({kDay, "there.example"}, {.delay = 5min, .tries = 1, .next_try = first + 1h});
  CHECK(ledger.due(first + 59min).empty());
  CHECK(ledger.due(first + 1h).size() == 1);
}

TEST_CASE("tlsrpt ledger: failures beyond the bound are counted by their type alone") {
  Ledger ledger;
  for (int i = 0; i < 1000; ++i) ledger.add(bad("mx" + std::to_string(i)), kDay, 0s);
  const auto& counts = counts_of(ledger);
  CHECK(counts.failed == 1000);
  CHECK(counts.failures.size() == Ledger::kMostFailures + 1);
  CHECK(counts.failures.at(Failure{.type = TlsFailure::starttls_not_supported}) == 1000 - Ledger::kMostFailures);
}

TEST_CASE("tlsrpt ledger: domains, policies and octets have bounds, and room comes back") {
  Ledger many;
  for (std::size_t i = 0; i < Ledger::kMostDays; ++i) CHECK(many.add(good("d" + std::to_string(i)), kDay, 0s) == Added::first);
  CHECK(many.add(good("more"), kDay, 0s) == Added::no_room);
  CHECK(many.add(good("d1"), kDay, 0s) == Added::yes);
  many.erase({kDay, "d1"});
  CHECK(many.add(good("more"), kDay, 0s) == Added::first);

  Ledger large;
  for (int i = 0; i < 100; ++i) {
    for (int j = 0; j < 16; ++j) {
      Session session = bad(std::string(200, 'x'));
      session.domain = "d" + std::to_string(i);
      session.policy.lines = {std::to_string(j) + std::string(10'000, 'y')};
      large.add(session, kDay, 0s);
    }
    const auto* const day = large.find({kDay, "d" + std::to_string(i)});
    if (day) CHECK(day->octets <= Ledger::kMostOctetsOfDay + 4096);
  }
  CHECK(large.octets() <= Ledger::kMostOctets + Ledger::kMostOctetsOfDay);
  CHECK(large.size() > 10);
  large.forget_outside(kDay + std::chrono::days(1), kDay + std::chrono::days(2));
  CHECK(large.size() == 0);
  CHECK(large.octets() == 0);
}

TEST_CASE("tlsrpt ledger: its file gives the same, and a file with any octet changed, or cut, gives an error") {
  Ledger ledger;
  Session tricky = bad("mx \"quoted\" \\ \x7f", TlsFailure::sts_webpki_invalid);
  tricky.policy = {Policy::Type::sts, "there.example", {"version: STSv1", "mx: *.there.example"}, {"*.there.example"}};
  ledger.add(tricky, kDay, 77s);
  ledger.add(good(), kDay, 0s);
  ledger.set_sending({kDay, "there.example"},
                     {.delay = 77s, .tries = 2, .next_try = WallTime(kDay) + 30h, .pending = {"mailto:a@b.example"}});
  const std::string text = ledger.text();
  const auto again = Ledger::parse(text);
  REQUIRE(again);
  CHECK(again->text() == text);
  CHECK(again->octets() == ledger.octets());
  CHECK(Ledger::parse(Ledger().text())->size() == 0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    if (Ledger::parse(changed).ok()) FAIL_CHECK("octet " << i << " of " << text);
    if (Ledger::parse(text.substr(0, i)).ok()) FAIL_CHECK("cut at " << i);
  }
}
