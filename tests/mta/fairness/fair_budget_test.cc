// Budgets with fair shares, and which clients count as one owner.
#include "mta/fairness/fair_budget.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "dns/address.h"

using mxpress::dns::Address;
using mxpress::mta::fairness::FairBudget;
using mxpress::mta::fairness::Owner;

namespace {

Owner client(const char* text) { return mxpress::mta::fairness::owner_of_client(Address::parse(text).value()); }

// Takes unit by unit, as long as it is granted.
std::uint64_t take_all(FairBudget& budget, const Owner& owner) {
  std::uint64_t taken = 0;
  while (budget.take(owner, 1)) ++taken;
  return taken;
}

}  // namespace

TEST_CASE("fair budget: one owner alone gets half, and not one unit more") {
  FairBudget budget(1000);
  CHECK(budget.take(Owner::user(1), 500));
  CHECK_FALSE(budget.take(Owner::user(1), 1));
  CHECK(budget.held_by(Owner::user(1)) == 500);
  FairBudget other(1000);
  CHECK_FALSE(other.take(Owner::user(1), 501));
  CHECK(other.held() == 0);
}

TEST_CASE("fair budget: owners who want all at the same time get 1/(n+1) each") {
  FairBudget budget(1000);
  bool grows = true;
  while (grows) {
    grows = false;
    for (int uid = 0; uid < 4; ++uid) grows |= budget.take(Owner::user(uid), 1);
  }
  for (int uid = 0; uid < 4; ++uid) CHECK(budget.held_by(Owner::user(uid)) == 200);
}

TEST_CASE("fair budget: each later owner finds half of what the earlier ones left") {
  FairBudget budget(1024);
  std::uint64_t expected = 512;
  for (int uid = 0; uid < 9; ++uid, expected /= 2) CHECK(take_all(budget, Owner::user(uid)) == expected);
  CHECK(budget.held() <= budget.total());
}

TEST_CASE("fair budget: the least is given beyond the share while anything is free, and never beyond the total") {
  FairBudget budget(100, 10);
  for (int uid = 0; uid < 20; ++uid) take_all(budget, Owner::user(uid));
  CHECK(budget.held() == 100);
  CHECK(budget.held_by(Owner::user(0)) == 50);
  CHECK(budget.held_by(Owner::user(3)) == 10);
  CHECK_FALSE(budget.take(Owner::user(99), 1));
}

TEST_CASE("fair budget: what a hold has is given back at its end, and a refused raise changes nothing") {
  FairBudget budget(100);
  {
    FairBudget::Hold hold(budget, Owner::user(7));
    CHECK(hold.raise_to(20));
    CHECK(hold.raise_to(10));
    CHECK(hold.units() == 20);
    CHECK_FALSE(hold.add(31));
    CHECK(hold.units() == 20);
    hold.lower_to(5);
    CHECK(budget.held() == 5);
    const FairBudget::Hold moved(std::move(hold));
    CHECK(moved.units() == 5);
    CHECK(budget.held() == 5);
  }
  CHECK(budget.held() == 0);
  CHECK(budget.owners() == 0);
}

TEST_CASE("fair budget: threads never hold more than the total, and at the end nothing") {
  FairBudget budget(1000);
  std::vector<std::thread> threads;
  for (int uid = 0; uid < 4; ++uid) {
    threads.emplace_back([&budget, uid] {
      for (int i = 0; i < 10'000; ++i) {
        FairBudget::Hold hold(budget, Owner::user(uid));
        if (hold.add(200) && budget.held() > budget.total()) std::abort();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(budget.held() == 0);
}

TEST_CASE("owner: IPv4 addresses differ, IPv6 addresses of one /64 do not, and loopback is one") {
  CHECK(client("192.0.2.7") != client("192.0.2.8"));
  CHECK(client("::ffff:192.0.2.7") == client("192.0.2.7"));
  CHECK(client("2001:db8:1:2::1") == client("2001:db8:1:2:3:4:5:6"));
  CHECK(client("2001:db8:1:2::1") != client("2001:db8:1:3::1"));
  CHECK(client("127.0.0.9") == client("::1"));
  CHECK(Owner::user(0) != Owner());
}

TEST_CASE("owner: has a name for logs") {
  CHECK(Owner::user(1000).to_string() == "uid 1000");
  CHECK(client("192.0.2.7").to_string() == "192.0.2.7");
  CHECK(client("2001:db8:1:2::9").to_string() == "2001:db8:1:2::/64");
  CHECK(Owner().to_string() == "loopback");
}
