// The connections to all mail hosts of a provider, and what its hosts teach.
#include <catch2/catch.hpp>
#include <vector>

#include "mta/transport/learned_bound.h"
#include "mta/transport/target_connections.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::transport::LearnedBound;
using mta::transport::ProvenHosts;
using mta::transport::TargetConnections;

namespace {

const dns::Address kPool{true, {mta::transport::kPoolPrefix, 0, 0, 0, 0, 0, 0, 0, 9}};
const dns::Address kMx1{false, {192, 0, 2, 1}}, kMx2{true, {0x20, 0x01, 0x0d, 0xb8, 2}};
// A customer's machine, or one that takes no mail, whose name ends like those of the mail hosts.
const dns::Address kForeign{false, {198, 51, 100, 7}};

struct Notes final : TargetConnections::Caller {
  std::vector<std::uint32_t> calls;
  void called(const dns::Address&, std::uint32_t site, const proto::ShareOwner&) override { calls.push_back(site); }
  void give_way() override {}
};

struct Provider {
  VirtualTime time;
  asio::io_context io;
  Notes notes;
  std::shared_ptr<TargetConnections> all = std::make_shared<TargetConnections>();
  std::vector<TargetConnections::Hold> holds;
  std::size_t limit = 5;

  static TargetConnections::Place place(const dns::Address& host) {
    TargetConnections::Place place(host);
    place.address = kPool;
    place.pool = kPool;
    return place;
  }
  bool open(const dns::Address& host, std::int64_t uid) {
    auto hold = all->open(place(host), {&notes, static_cast<std::uint32_t>(uid), proto::ShareOwner::user(uid)}, limit);
    if (hold) holds.push_back(std::move(*hold));
    return hold.has_value();
  }
  // Connections of owners without any, as many as there may be.
  std::size_t fill(const dns::Address& host, std::int64_t first_uid) {
    std::size_t opened = 0;
    while (open(host, first_uid + static_cast<std::int64_t>(opened))) ++opened;
    return opened;
  }
  void prove(const dns::Address& host) {
    REQUIRE(open(host, 1));
    holds.back().took_mail();
    holds.pop_back();
  }
  // The hosts accept the connections that are open.
  void accept() {
    for (auto& hold : holds) hold.was_taken();
  }
  bool refuse() {
    const bool is_busy = holds.back().was_refused();
    holds.pop_back();
    return is_busy;
  }
  void wait(Duration duration) { time.run_for(io, duration); }
};

}  // namespace

TEST_CASE("provider pool: its hosts together have no more connections than its limit, however slowly they greet") {
  Provider provider;
  provider.prove(kMx1);
  provider.prove(kMx2);
  CHECK((provider.open(kMx1, 11) && provider.open(kMx2, 12) && provider.open(kMx1, 13) && provider.open(kMx2, 14)));
  CHECK(provider.open(kMx1, 15));
  provider.wait(std::chrono::minutes(1));
  CHECK_FALSE(provider.open(kMx2, 16));
  CHECK(provider.all->use_of(kPool).open == 5);
}

TEST_CASE("provider pool: one connection stays free for other owners") {
  Provider provider;
  provider.limit = 4;
  provider.prove(kMx1);
  CHECK((provider.open(kMx1, 11) && provider.open(kMx1, 11) && provider.open(kMx1, 11)));
  CHECK_FALSE(provider.open(kMx1, 11));
  CHECK(provider.open(kMx1, 12));
}

TEST_CASE("provider pool: hosts that have not taken mail have half of it, and one owner leaves one of these free") {
  Provider provider;
  provider.prove(kMx1);
  CHECK(provider.open(kForeign, 11));
  CHECK_FALSE(provider.open(kForeign, 11));
  CHECK(provider.open(kForeign, 12));
  CHECK_FALSE(provider.open(kForeign, 13));
  CHECK(provider.fill(kMx1, 21) == 3);
}

TEST_CASE("provider pool: the first message that a host takes ends that for all connections to it") {
  Provider provider;
  CHECK(provider.fill(kMx1, 11) == 2);
  CHECK(provider.notes.calls.empty());
  provider.holds[0].took_mail();
  CHECK(provider.notes.calls == std::vector<std::uint32_t>{13});
  CHECK(provider.open(kMx1, 13));
  CHECK(provider.fill(kMx1, 21) == 2);
}

TEST_CASE("provider pool: those who wait for hosts that have taken mail, and for others, take turns") {
  Provider provider;
  provider.limit = 2;
  provider.prove(kMx1);
  REQUIRE(provider.fill(kMx1, 11) == 2);
  REQUIRE_FALSE(provider.open(kForeign, 31));
  REQUIRE_FALSE(provider.open(kMx1, 21));
  provider.holds.clear();
  REQUIRE(provider.notes.calls.size() == 2);
  CHECK(provider.notes.calls[0] != provider.notes.calls[1]);
}

TEST_CASE("provider pool: a host that says 421 all the time and has taken no mail changes no bound: it fails") {
  Provider provider;
  provider.prove(kMx1);
  REQUIRE((provider.open(kMx1, 11) && provider.open(kMx1, 12)));
  provider.accept();
  for (int i = 0; i < 20; ++i) {
    REQUIRE(provider.open(kForeign, 13));
    CHECK_FALSE(provider.refuse());
  }
  CHECK(provider.all->use_of(kPool).bound == 5);
  CHECK(provider.fill(kMx1, 21) == 3);
}

TEST_CASE("provider pool: one that has taken a message and refuses from then on is believed once") {
  Provider provider;
  provider.prove(kMx1);
  provider.prove(kForeign);
  REQUIRE((provider.open(kMx1, 11) && provider.open(kMx1, 12)));
  provider.accept();
  REQUIRE(provider.open(kForeign, 13));
  CHECK(provider.refuse());
  CHECK(provider.all->use_of(kPool).bound == 2);
  provider.wait(LearnedBound::kGrowAfter);
  REQUIRE(provider.open(kForeign, 13));  // he stands in the line
  CHECK_FALSE(provider.refuse());
  CHECK(provider.all->use_of(kPool).bound == 3);
}

TEST_CASE("provider pool: if it refuses several that were opened at a time, its host is busy for all of them") {
  Provider provider;
  provider.prove(kMx1);
  REQUIRE((provider.open(kMx1, 11) && provider.open(kMx1, 12) && provider.open(kMx1, 13)));
  provider.accept();
  REQUIRE(provider.fill(kMx1, 21) == 2);
  CHECK(provider.refuse());
  CHECK(provider.refuse());
  CHECK(provider.all->use_of(kPool).bound == 3);
}

TEST_CASE("provider pool: connections that a host without mail accepts do not let the bound grow") {
  Provider provider;
  provider.prove(kMx1);
  REQUIRE(provider.fill(kMx1, 11) == 5);
  provider.accept();
  REQUIRE(provider.refuse());
  REQUIRE(provider.all->use_of(kPool).bound == 4);
  provider.holds.clear();
  for (int i = 0; i < LearnedBound::kSessionsToGrow; ++i) {
    REQUIRE(provider.open(kForeign, 31));
    provider.holds.back().was_taken();
    provider.holds.clear();
  }
  CHECK(provider.all->use_of(kPool).bound == 4);
}

TEST_CASE("provider pool: the place of a connection that ended is that of the next host of the same mail, before others that wait") {
  Provider provider;
  provider.limit = 2;
  provider.prove(kMx1);
  provider.prove(kMx2);
  REQUIRE(provider.fill(kMx1, 11) == 2);
  REQUIRE_FALSE(provider.open(kMx1, 21));
  CHECK(provider.holds[0].lead_to(Provider::place(kMx2)));
  CHECK(provider.notes.calls.empty());
  CHECK(provider.all->use_of(kPool).open == 2);
  CHECK(provider.holds[0].lead_to(Provider::place(kForeign)));        // one of one may lead to such a host
  CHECK_FALSE(provider.holds[1].lead_to(Provider::place(kForeign)));  // and no second one
  CHECK_FALSE(provider.holds[1].lead_to(kMx2));                       // counts by its own address
}

TEST_CASE("provider pool: after a refusal a connection has no place that the new bound does not give") {
  Provider provider;
  provider.prove(kMx1);
  REQUIRE((provider.open(kMx1, 11) && provider.open(kMx1, 12)));
  provider.accept();
  REQUIRE(provider.open(kMx1, 13));
  REQUIRE(provider.holds.back().was_refused());
  CHECK_FALSE(provider.holds.back().lead_to(Provider::place(kMx2)));
}

TEST_CASE("provider pool: a new limit of the rules counts at once") {
  Provider provider;
  provider.prove(kMx1);
  REQUIRE(provider.fill(kMx1, 11) == 5);
  provider.limit = 2;
  provider.holds.resize(2);
  CHECK_FALSE(provider.open(kMx1, 21));
  CHECK(provider.all->use_of(kPool).bound == 2);
}

TEST_CASE("provider pool: of each pool a bounded number of hosts is known, the latest ones") {
  ProvenHosts known;
  const auto host = [](std::size_t n) {
    return dns::Address{false, {10, 0, static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)}};
  };
  for (std::size_t n = 0; n < ProvenHosts::kMostOfPool; ++n) known.took_mail(kPool, host(n));
  known.took_mail(kPool, host(0));
  known.took_mail(kPool, kMx1);
  CHECK(known.has(kPool, host(0)));
  CHECK_FALSE(known.has(kPool, host(1)));
  CHECK(known.has(kPool, kMx1));
  CHECK_FALSE(known.has(kMx2, kMx1));
  CHECK(known.may_teach(kPool, kMx1));
  CHECK_FALSE(known.may_teach(kPool, kMx1));
  known.took_mail(kPool, kMx1);
  CHECK(known.may_teach(kPool, kMx1));
}

TEST_CASE("provider pool: of all pools a bounded number of hosts is known, and the largest one gives way") {
  ProvenHosts known;
  const auto address = [](std::uint8_t pool, std::size_t n) {
    return dns::Address{false, {10, pool, static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)}};
  };
  known.took_mail(kPool, kMx1);
  for (std::uint8_t pool = 0; pool < 20; ++pool)
    for (std::size_t n = 0; n < ProvenHosts::kMostOfPool; ++n) known.took_mail(address(pool, 0), address(pool, n));
  CHECK(known.size() == ProvenHosts::kMost);
  CHECK(known.has(kPool, kMx1));
  for (std::size_t pool = 0; pool < ProvenHosts::kMostPools; ++pool) known.took_mail(address(100, pool), kMx2);
  CHECK(known.size() <= ProvenHosts::kMost);
}
