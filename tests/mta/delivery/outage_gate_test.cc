// The outage gate: when it closes, its probes, and when it opens.
#include "mta/delivery/outage_gate.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

using namespace mxpress;
using mta::delivery::network_of;
using mta::delivery::OutageGate;
using queue::Instant;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const Instant kStart{hours(1000)};

OutageGate::Subject subject(int network, const std::string& name = "", std::int64_t uid = 0) {
  const auto address = dns::Address::parse("198." + std::to_string(network) + ".0.1").value();
  return {name.empty() ? "site" + std::to_string(network) : name, network_of(address), proto::ShareOwner::user(uid),
          dns::Target{"mx", address, 25}};
}

// Sites of three networks have failed for half a minute.
bool fails_everywhere(OutageGate& gate, Instant now) {
  (void)gate.failed(subject(1), now - seconds(30));
  (void)gate.failed(subject(2), now - seconds(20));
  return gate.failed(subject(3), now);
}

OutageGate closed_gate(Instant now) {
  OutageGate gate(OutageGate::Asks::candidates);
  REQUIRE(fails_everywhere(gate, now));
  gate.close(OutageGate::Evidence::of_subjects, now);
  return gate;
}

}  // namespace

TEST_CASE("outage gate: sites of three networks that fail for a while close it") {
  OutageGate gate(OutageGate::Asks::candidates);
  CHECK(fails_everywhere(gate, kStart));
}

TEST_CASE("outage gate: however often two networks fail, they close nothing") {
  OutageGate gate(OutageGate::Asks::candidates);
  for (int i = 0; i < 100; ++i) {
    CHECK_FALSE(gate.failed(subject(1, "site" + std::to_string(i)), kStart + minutes(i)));
    CHECK_FALSE(gate.failed(subject(2, "other" + std::to_string(i)), kStart + minutes(i)));
  }
}

TEST_CASE("outage gate: one site with hosts in many networks closes nothing") {
  OutageGate gate(OutageGate::Asks::candidates);
  for (int i = 0; i < 100; ++i) CHECK_FALSE(gate.failed(subject(i, "one"), kStart + minutes(i)));
}

TEST_CASE("outage gate: failures of one moment close nothing") {
  OutageGate gate(OutageGate::Asks::candidates);
  for (int i = 0; i < 100; ++i) CHECK_FALSE(gate.failed(subject(i), kStart));
}

TEST_CASE("outage gate: a success of the last ten minutes keeps it open, whatever fails besides") {
  OutageGate gate(OutageGate::Asks::candidates);
  gate.succeeded("well", 99, kStart);
  for (int i = 0; i < 1000; ++i) CHECK_FALSE(gate.failed(subject(i % 200), kStart + seconds(i) / 2));
  CHECK(gate.failed(subject(7), kStart + minutes(10)));
}

TEST_CASE("outage gate: failures that are far apart do not add up") {
  OutageGate gate(OutageGate::Asks::candidates);
  CHECK_FALSE(gate.failed(subject(1), kStart));
  CHECK_FALSE(gate.failed(subject(2), kStart + hours(2)));
  CHECK_FALSE(gate.failed(subject(3), kStart + hours(4)));
}

TEST_CASE("outage gate: a failure of this host's own closes it when it lasts, whoever has met it") {
  OutageGate gate(OutageGate::Asks::candidates);
  CHECK_FALSE(gate.failed_here(subject(1), kStart));
  CHECK_FALSE(gate.failed_here(subject(1), kStart + seconds(9)));
  CHECK(gate.failed_here(subject(1), kStart + seconds(10)));
}

TEST_CASE("outage gate: closed, it lets nobody through, and asks one at a time, at growing gaps") {
  OutageGate gate = closed_gate(kStart);
  CHECK_FALSE(gate.passes(subject(1), kStart));
  CHECK_FALSE(gate.next_probe(kStart));
  Instant now = kStart;
  std::vector<std::string> asked;
  std::vector<Duration> gaps;
  for (int i = 0; i < 6; ++i) {
    gaps.push_back(*gate.due() - now);
    now = *gate.due();
    const auto next = gate.next_probe(now);
    REQUIRE(next);
    CHECK_FALSE(gate.next_probe(now));
    asked.push_back(next->name);
    gate.probe_failed(*next, now);
  }
  CHECK(asked == std::vector<std::string>{"site1", "site2", "site3", "site1", "site2", "site3"});
  CHECK(gaps == std::vector<Duration>{minutes(1), minutes(2), minutes(5), minutes(10), minutes(15), minutes(15)});
}

TEST_CASE("outage gate: a site that nobody has asked is asked soon, but not more often than once in a minute") {
  OutageGate gate = closed_gate(kStart);
  for (int i = 0; i < 5; ++i) {
    const auto next = gate.next_probe(*gate.due());
    gate.probe_failed(*next, kStart + minutes(30));
  }
  const Instant now = kStart + minutes(35);
  CHECK(*gate.due() > now);
  CHECK_FALSE(gate.passes(subject(4), now));
  CHECK(*gate.due() == now);
  CHECK(gate.next_probe(now)->name == "site4");
  CHECK_FALSE(gate.passes(subject(5), now + seconds(1)));
  CHECK(*gate.due() == now + minutes(1));
}

TEST_CASE("outage gate: owners take turns, so that one who has a thousand dead sites keeps nobody waiting") {
  OutageGate gate = closed_gate(kStart);
  for (int i = 0; i < 1000; ++i) (void)gate.passes(subject(i % 200, "dead" + std::to_string(i), 666), kStart);
  for (int i = 0; i < 3; ++i) (void)gate.failed(subject(210 + i, "", 1000), kStart);  // his trials
  CHECK_FALSE(gate.passes(subject(201, "honest", 1000), kStart));
  std::vector<std::string> asked;
  for (int i = 0; i < 12; ++i) {
    const auto next = gate.next_probe(*gate.due());
    asked.push_back(next->name);
    gate.probe_failed(*next, kStart);
  }
  CHECK(std::find(asked.begin(), asked.end(), "honest") != asked.end());
}

TEST_CASE("outage gate: sites of two networks that are reached open it") {
  OutageGate gate = closed_gate(kStart);
  gate.succeeded("site1", subject(1).network, kStart + minutes(1));
  CHECK(gate.is_closed());
  CHECK(gate.would_pass("site1"));
  CHECK_FALSE(gate.would_pass("site2"));
  CHECK(*gate.due() == kStart + minutes(1));  // others are asked at once
  gate.succeeded("site2", subject(2).network, kStart + minutes(1));
  CHECK_FALSE(gate.is_closed());
  CHECK(gate.would_pass("site3"));
}

TEST_CASE("outage gate: a site that alone can be reached opens it to itself only") {
  OutageGate gate = closed_gate(kStart);
  (void)gate.passes(subject(4), kStart);
  const Instant now = kStart + minutes(1);
  gate.succeeded("site1", subject(1).network, now);
  for (int i = 0; i < 3; ++i) {
    const auto next = gate.next_probe(now);
    REQUIRE(next);
    CHECK(next->name != "site1");
    gate.probe_failed(*next, now);
  }
  CHECK(gate.is_closed());
  CHECK(gate.would_pass("site1"));
  CHECK_FALSE(gate.next_probe(now));
  gate.succeeded("site1", subject(1).network, now + seconds(5));  // nothing new
  CHECK_FALSE(gate.next_probe(now + seconds(5)));
}

TEST_CASE("outage gate: one dead site, and another, do not keep it closed once one is reached") {
  OutageGate gate = closed_gate(kStart);
  const Instant now = kStart + minutes(1);
  gate.succeeded("site1", subject(1).network, now);
  for (int i = 0; i < 2; ++i) {
    CHECK(gate.is_closed());
    gate.probe_failed(*gate.next_probe(now), now);
  }
  CHECK_FALSE(gate.is_closed());
}

TEST_CASE("outage gate: what closed it once is no evidence the next time") {
  OutageGate gate = closed_gate(kStart);
  gate.open();
  CHECK_FALSE(gate.failed(subject(1), kStart + minutes(20)));
  CHECK_FALSE(gate.failed(subject(2), kStart + minutes(20)));
  CHECK_FALSE(gate.failed(subject(3), kStart + minutes(20)));
}

TEST_CASE("outage gate: sites that failed long before an outage are not asked in it") {
  OutageGate gate(OutageGate::Asks::candidates);
  for (int day = 0; day < 400; ++day) {
    (void)gate.failed(subject(day % 200, "dead" + std::to_string(day)), kStart + hours(24 * day));
    gate.succeeded("well", 201, kStart + hours(24 * day + 1));
  }
  const Instant now = kStart + hours(24 * 400);
  REQUIRE(fails_everywhere(gate, now));
  gate.close(OutageGate::Evidence::of_subjects, now);
  std::vector<std::string> asked;
  for (const auto& one : gate.candidates(SIZE_MAX)) asked.push_back(one.name);
  CHECK(asked == std::vector<std::string>{"site1", "site2", "site3"});
}

TEST_CASE("outage gate: it remembers a thousand sites, and half of them of one owner") {
  OutageGate gate = closed_gate(kStart);
  for (int i = 0; i < 5000; ++i) (void)gate.passes(subject(i % 200, "of 1: " + std::to_string(i), 1), kStart);
  CHECK(gate.candidates(SIZE_MAX).size() == OutageGate::kMostCandidates / 2 + 3);
  for (int i = 0; i < 5000; ++i) (void)gate.passes(subject(i % 200, "of 2: " + std::to_string(i), 2), kStart);
  CHECK(gate.candidates(SIZE_MAX).size() == OutageGate::kMostCandidates);
}

TEST_CASE("outage gate: an owner whose own mail has not failed tries three sites, and goes on as long as they are reached") {
  OutageGate gate = closed_gate(kStart);
  const auto passes = [&](int network) { return gate.passes(subject(network, "", 1000), kStart); };
  CHECK((passes(11) && passes(12) && passes(13)));
  CHECK(passes(11));  // it is under way
  CHECK_FALSE(passes(14));
  CHECK_FALSE(gate.passes(subject(11), kStart));  // of another owner, whose own have failed
  gate.succeeded("site11", subject(11).network, kStart);
  CHECK(gate.is_closed());
  CHECK(passes(11));
  CHECK(passes(14));
  CHECK_FALSE(passes(15));
}

TEST_CASE("outage gate: when a trial succeeds the owner's mail that waits for its place is told") {
  OutageGate gate = closed_gate(kStart);
  for (int i = 11; i < 14; ++i) REQUIRE(gate.passes(subject(i, "", 1000), kStart));
  REQUIRE_FALSE(gate.passes(subject(14, "", 1000), kStart));
  const auto before = gate.changes();
  gate.succeeded("site11", subject(11).network, kStart);
  CHECK(gate.changes() == before + 1);
  CHECK(gate.passes(subject(14, "", 1000), kStart));
}

TEST_CASE("outage gate: an owner whose trials fail waits as all do, whoever has found out") {
  OutageGate gate = closed_gate(kStart);
  for (int i = 11; i < 14; ++i) {
    CHECK(gate.passes(subject(i, "", 1000), kStart));
    CHECK_FALSE(gate.failed(subject(i, "", i == 11 ? 2000 : 1000), kStart));
    CHECK_FALSE(gate.passes(subject(i, "", 1000), kStart));
  }
  CHECK_FALSE(gate.passes(subject(14, "", 1000), kStart));
  CHECK(gate.passes(subject(14, "", 2000), kStart));
}

TEST_CASE("outage gate: where this host has no way at all nobody tries") {
  OutageGate gate(OutageGate::Asks::candidates);
  (void)gate.failed_here(subject(1), kStart - seconds(10));
  REQUIRE(gate.failed_here(subject(1), kStart));
  gate.close(OutageGate::Evidence::of_this_host, kStart);
  CHECK_FALSE(gate.passes(subject(2, "", 1000), kStart));
}

TEST_CASE("outage gate: sites that a trial has reached make nobody look at all mail again") {
  OutageGate gate = closed_gate(kStart);
  const auto before = gate.changes();
  for (int i = 0; i < 100; ++i) {
    const auto one = subject(50, "of 50: " + std::to_string(i), 1000);
    REQUIRE(gate.passes(one, kStart));
    gate.succeeded(one.name, one.network, kStart);
    CHECK(gate.would_pass(one.name));
  }
  CHECK(gate.changes() == before);
  gate.succeeded("site1", subject(50).network, kStart);  // by a probe: it had failed
  CHECK(gate.changes() == before + 1);
}

TEST_CASE("outage gate: two owners with five hundred dead sites each leave room for a third one's") {
  OutageGate gate = closed_gate(kStart);
  for (std::int64_t uid : {1, 2})
    for (int i = 0; i < 1000; ++i) (void)gate.passes(subject(i % 200, std::to_string(uid) + ": " + std::to_string(i), uid), kStart);
  for (int i = 11; i < 14; ++i) (void)gate.failed(subject(i, "", 1000), kStart);
  CHECK_FALSE(gate.passes(subject(14, "", 1000), kStart));
  const auto all = gate.candidates(SIZE_MAX);
  CHECK(all.size() == OutageGate::kMostCandidates);
  CHECK(std::any_of(all.begin(), all.end(), [](const auto& one) { return one.name == "site14"; }));
}
