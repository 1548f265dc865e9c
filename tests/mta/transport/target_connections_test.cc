// The limit of connections to one address, and the shares of owners in it.
#include <catch2/catch.hpp>
#include <vector>

#include "mta/transport/learned_bound.h"
#include "mta/transport/target_connections.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::transport::LearnedBound;
using mta::transport::may_open;
using mta::transport::TargetConnections;
using Wanted = TargetConnections::Wanted;
using queue::Instant;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const dns::Address kHost{false, {192, 0, 2, 1}};
const dns::Address kOther{false, {192, 0, 2, 2}};
const auto kMallory = proto::ShareOwner::user(1001), kAlice = proto::ShareOwner::user(1002), kBob = proto::ShareOwner::user(1003);

// Notes the owners who are called.
struct Notes : TargetConnections::Caller {
  struct Call {
    dns::Address address;
    std::uint32_t site;
    proto::ShareOwner owner;
  };
  std::vector<Call> calls;
  int give_ways = 0;
  void called(const dns::Address& address, std::uint32_t site, const proto::ShareOwner& owner) override {
    calls.push_back({address, site, owner});
  }
  void give_way() override { ++give_ways; }
};

struct Host {
  VirtualTime time;
  asio::io_context io;
  Notes notes;
  std::shared_ptr<TargetConnections> all = std::make_shared<TargetConnections>();
  std::vector<TargetConnections::Hold> holds;

  bool open(std::uint32_t site, const proto::ShareOwner& owner, std::size_t limit = 10) {
    auto hold = all->open(kHost, {&notes, site, owner}, limit);
    if (hold) holds.push_back(std::move(*hold));
    return hold.has_value();
  }
  // Opens this many for sites of this owner, as far as he may.
  std::size_t open_all(const proto::ShareOwner& owner, std::size_t count = 60, std::size_t limit = 10) {
    std::size_t opened = 0;
    for (std::size_t n = 0; n < count; ++n) opened += open(static_cast<std::uint32_t>(100 + n), owner, limit);
    return opened;
  }
  void wait(Duration duration) { time.run_for(io, duration); }
  // The host refuses the newest one.
  bool refuse() {
    const bool is_busy = holds.back().was_refused();
    holds.pop_back();
    return is_busy;
  }
};

// The number that one owner gets while others hold this many.
std::size_t most_of_one(std::size_t bound, std::size_t others) {
  std::size_t own = 0;
  while (may_open(bound, others + own, own)) ++own;
  return own;
}

}  // namespace

TEST_CASE("target connections: one owner alone has what leaves a fifth free") {
  CHECK(most_of_one(10, 0) == 8);
  CHECK(most_of_one(5, 0) == 4);
  CHECK(most_of_one(4, 0) == 4);
  CHECK(most_of_one(1, 0) == 1);
  CHECK(most_of_one(100, 0) == 80);
}

TEST_CASE("target connections: who comes later has one while any is free, and further ones as long as he leaves as many free or a fifth") {
  CHECK(most_of_one(10, 8) == 1);
  CHECK(most_of_one(10, 9) == 1);
  CHECK(most_of_one(10, 10) == 0);
  CHECK(most_of_one(10, 4) == 4);
  CHECK(most_of_one(100, 60) == 20);
  CHECK(most_of_one(2, 1) == 1);
}

TEST_CASE("target connections: the bound holds for an address, whatever sites ask, and not for another address") {
  Host host;
  CHECK(host.open_all(kMallory) == 8);
  CHECK(host.open(1, kAlice));
  CHECK(host.open(2, kBob));
  CHECK_FALSE(host.open(3, proto::ShareOwner::user(1004)));
  CHECK(host.all->open_to(kHost) == 10);
  CHECK(host.all->open(kOther, {&host.notes, 4, kMallory}, 10));
}

TEST_CASE("target connections: an address that is mapped into IPv6 is the same") {
  Host host;
  REQUIRE(host.open(1, kMallory, 1));
  dns::Address mapped{true, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}};
  CHECK_FALSE(host.all->open(mapped, {&host.notes, 2, kAlice}, 1));
}

TEST_CASE("target connections: one is allowed where none is open, whatever the limit") {
  Host host;
  CHECK(host.open(1, kMallory, 1));
  CHECK_FALSE(host.open(2, kAlice, 1));
  host.holds.clear();
  REQUIRE(host.notes.calls.size() == 1);
  CHECK(host.open(2, kAlice, 1));
}

TEST_CASE("target connections: where one ends owners take turns, and it is kept for who is called") {
  Host host;
  REQUIRE(host.open_all(kMallory, 3, 1) == 1);  // two of his sites wait
  REQUIRE_FALSE(host.open(1, kAlice, 1));
  std::vector<proto::ShareOwner> order;
  for (std::size_t n = 0; n < 3; ++n) {
    host.holds.clear();
    REQUIRE(host.notes.calls.size() == n + 1);
    const auto call = host.notes.calls.back();
    CHECK(call.address == kHost);
    CHECK_FALSE(host.open(50, call.owner, 1));  // another site of his does not take it away
    CHECK(host.open(call.site, call.owner, 1));
    order.push_back(call.owner);
  }
  CHECK((order[0] == kMallory && order[1] == kAlice && order[2] == kMallory));
}

TEST_CASE("target connections: what is kept for who does not come is the next one's") {
  Host host;
  REQUIRE(host.open(1, kMallory, 1));
  REQUIRE_FALSE(host.open(2, kAlice, 1));
  REQUIRE_FALSE(host.open(3, kBob, 1));
  host.holds.clear();
  REQUIRE(host.notes.calls.size() == 1);
  const auto first = host.notes.calls[0];
  SECTION("he declines") {
    host.all->decline(kHost, {&host.notes, first.site, first.owner});
    CHECK(host.notes.calls.size() == 2);
  }
  SECTION("he says nothing") {
    CHECK_FALSE(host.open(4, kMallory, 1));
    host.wait(TargetConnections::kKept);
    CHECK_FALSE(host.open(4, kMallory, 1));
    CHECK(host.notes.calls.size() == 2);
  }
}

TEST_CASE("target connections: an idle one gives way to another site, not to its own") {
  Host host;
  REQUIRE(host.open(1, kMallory, 1));
  host.holds[0].rest();
  CHECK_FALSE(host.open(1, kMallory, 1));
  CHECK(host.holds[0].wanted() == Wanted::no);
  CHECK(host.notes.give_ways == 0);
  CHECK_FALSE(host.open(2, kMallory, 1));
  CHECK(host.holds[0].wanted() == Wanted::by_same_owner);
  CHECK(host.notes.give_ways == 1);
  CHECK_FALSE(host.open(3, kAlice, 1));
  CHECK(host.holds[0].wanted() == Wanted::by_another_owner);
}

TEST_CASE("target connections: one that is in use is wanted, and idle ones come before it") {
  Host host;
  REQUIRE(host.open(1, kMallory, 2));
  REQUIRE(host.open(2, kMallory, 2));
  host.holds[1].rest();
  CHECK_FALSE(host.open(3, kAlice, 2));
  CHECK(host.holds[0].wanted() == Wanted::no);
  CHECK(host.holds[1].wanted() == Wanted::by_another_owner);
  CHECK_FALSE(host.open(4, kAlice, 2));
  CHECK(host.holds[0].wanted() == Wanted::by_another_owner);
  CHECK(host.notes.give_ways == 1);
}

TEST_CASE("target connections: who has his share makes nobody else's give way") {
  Host host;
  REQUIRE(host.open(1, kAlice));
  host.holds[0].rest();
  REQUIRE(host.open_all(kMallory, 8) < 8);
  CHECK(host.holds[0].wanted() == Wanted::no);
  CHECK(host.holds[1].wanted() == Wanted::by_same_owner);
}

TEST_CASE("target connections: a connection counts for the owner whose mail it has") {
  Host host;
  REQUIRE(host.open_all(kMallory) == 8);
  REQUIRE(host.open(1, kAlice));
  CHECK_FALSE(host.holds[8].use_for(kMallory));  // he has his share
  CHECK(host.holds[7].use_for(kAlice));
  CHECK(host.holds[8].use_for(kMallory));
}

TEST_CASE("target connections: a host that refuses while others are open takes so many, and one more after a while") {
  Host host;
  const auto most = [&] { return host.open_all(kMallory) + host.open(1, kAlice) + host.open(2, kBob); };
  REQUIRE(host.open_all(kMallory, 5) == 5);
  REQUIRE(host.open(1, kAlice));
  CHECK(host.refuse());
  CHECK(host.holds.size() == 5);
  CHECK(host.holds[0].wanted() == Wanted::by_another_owner);
  CHECK(most() == 0);
  host.wait(LearnedBound::kGrowAfter);
  CHECK(host.open(1, kAlice));
  CHECK_FALSE(host.open(2, kBob));
  host.wait(LearnedBound::kRemember);
  CHECK(host.open(2, kBob));
  host.holds.clear();
  host.notes.calls.clear();
}

TEST_CASE("target connections: a host that refuses while no other is open is not busy") {
  Host host;
  REQUIRE(host.open(1, kMallory));
  CHECK_FALSE(host.refuse());
  CHECK(host.all->addresses() == 0);
}

TEST_CASE("target connections: sessions that the host takes let the bound grow") {
  LearnedBound bound(3, Instant(minutes(0)));
  for (int n = 1; n < LearnedBound::kSessionsToGrow; ++n) bound.took(Instant(seconds(1)));
  CHECK(bound.at(Instant(seconds(1))) == 3);
  bound.took(Instant(seconds(1)));
  CHECK(bound.at(Instant(seconds(1))) == 4);
  CHECK(bound.at(Instant(seconds(61))) == 5);
  CHECK_FALSE(bound.is_forgotten(Instant(minutes(14))));
  CHECK(bound.is_forgotten(Instant(minutes(15))));
}

TEST_CASE("target connections: kept are addresses with connections, and a bounded number that have taught a bound, for a while") {
  Host host;
  const auto address = [](std::size_t n) {
    return dns::Address{false, {10, 0, static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)}};
  };
  for (std::size_t n = 0; n < TargetConnections::kMostLearned + 5; ++n) {
    auto first = host.all->open(address(n), {nullptr, 1, kMallory}, 10);
    auto second = host.all->open(address(n), {nullptr, 2, kMallory}, 10);
    REQUIRE((first && second));
    CHECK(second->was_refused());
    CHECK(host.all->addresses() == std::min(n, TargetConnections::kMostLearned) + 1 - (n > TargetConnections::kMostLearned - 1));
  }
  CHECK(host.all->addresses() == TargetConnections::kMostLearned);
  host.wait(LearnedBound::kRemember);
  CHECK(host.open(1, kMallory));
  CHECK(host.all->addresses() == 1);
  host.holds.clear();
  CHECK(host.all->addresses() == 0);
}

TEST_CASE("target connections: after the end nobody is called") {
  Host host;
  REQUIRE(host.open(1, kMallory, 1));
  REQUIRE_FALSE(host.open(2, kAlice, 1));
  host.all->stop();
  host.holds.clear();
  CHECK(host.notes.calls.empty());
  CHECK(host.all->addresses() == 0);
}

TEST_CASE("target connections: to ask whether one must wait takes none, and whoever must stands in the line") {
  Host host;
  CHECK_FALSE(host.all->must_wait(kHost, {&host.notes, 1, kAlice}));
  CHECK(host.all->open_to(kHost) == 0);
  REQUIRE(host.open(1, kMallory, 1));
  CHECK(host.all->must_wait(kHost, {&host.notes, 2, kAlice}));
  CHECK(host.notes.calls.empty());
  host.holds.clear();
  REQUIRE(host.notes.calls.size() == 1);
  CHECK(host.notes.calls[0].owner == kAlice);
  CHECK_FALSE(host.all->must_wait(kHost, {&host.notes, 2, kAlice}));  // one is kept for him
  CHECK(host.all->must_wait(kHost, {&host.notes, 3, kBob}));
}
