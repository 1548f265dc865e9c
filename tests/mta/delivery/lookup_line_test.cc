// Shares of the lookups of a worker.
#include "mta/delivery/lookup_line.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

using mxpress::mta::delivery::LastLookup;
using mxpress::mta::delivery::LookupLine;
using mxpress::mta::fairness::Owner;

namespace {

const Owner kMany = Owner::user(1), kFew = Owner::user(2), kOther = Owner::user(3);

// Enters this many destinations of the owner, from this index on; returns how many have begun.
int begin_all(LookupLine& line, const Owner& owner, std::uint32_t from, std::uint32_t count,
              LastLookup last = LastLookup::fine_or_unknown) {
  int begun = 0;
  for (std::uint32_t i = from; i < from + count; ++i) begun += line.begin({i, owner, last}) ? 1 : 0;
  return begun;
}

}  // namespace

TEST_CASE("lookup line: a message to thousands of domains leaves half of the places to other users' mail, which does not wait") {
  LookupLine line(100);
  CHECK(begin_all(line, kMany, 0, 10'000) == 50);
  CHECK(begin_all(line, kFew, 20'000, 10) == 10);
  CHECK(line.waiting() == 9'950);
}

TEST_CASE("lookup line: the workers of a daemon share 64 lookups, of which each has eight at least") {
  std::vector<std::uint64_t> places;
  for (const std::size_t workers : {1, 2, 3, 8, 64}) places.push_back(LookupLine::places_of_worker(workers));
  CHECK(places == std::vector<std::uint64_t>{64, 32, 21, 8, 8});
}

TEST_CASE("lookup line: owners take turns when places are free, and the newest and the oldest of each do") {
  LookupLine line(2);
  REQUIRE(begin_all(line, kMany, 0, 1) == 1);
  REQUIRE(begin_all(line, kFew, 10, 1) == 1);
  REQUIRE(begin_all(line, kMany, 1, 4) == 0);
  REQUIRE(begin_all(line, kFew, 11, 4) == 0);
  std::vector<std::uint32_t> order;
  for (int round = 0; round < 4; ++round) {
    line.end({0, kMany});
    line.end({0, kFew});
    while (const auto next = line.next()) order.push_back(next->destination);
  }
  CHECK(order == std::vector<std::uint32_t>{4, 14, 1, 11, 3, 13, 2, 12});
  CHECK(line.waiting() == 0);
}

TEST_CASE("lookup line: a destination in the long line of one owner is looked up as soon as another owner's mail for it has a place") {
  LookupLine line(4);
  begin_all(line, kMany, 0, 1000);
  REQUIRE(line.waits(500));
  CHECK_FALSE(line.begin({500, kFew}));
  CHECK_FALSE(line.begin({500, kFew}));
  const auto next = line.next();
  REQUIRE(next);
  CHECK(next->destination == 500);
  CHECK(next->owner == kFew);
  CHECK_FALSE(line.waits(500));
}

TEST_CASE("lookup line: each destination is looked up once, whoever waits for it, and none is forgotten") {
  LookupLine line(10);
  std::vector<std::pair<std::uint32_t, Owner>> under_way;
  std::vector<int> times(300);
  for (std::uint32_t i = 0; i < 300; ++i) {
    for (const Owner& owner : {kMany, kFew, kOther}) {
      if (times[i] > 0 || !line.begin({i, owner})) continue;
      ++times[i];
      under_way.push_back({i, owner});
    }
  }
  while (!under_way.empty()) {
    line.end({under_way.back().first, under_way.back().second});
    under_way.pop_back();
    while (const auto next = line.next()) {
      ++times[next->destination];
      under_way.push_back({next->destination, next->owner});
    }
  }
  CHECK(std::all_of(times.begin(), times.end(), [](int count) { return count == 1; }));
  CHECK(line.waiting() == 0);
}

TEST_CASE("lookup line: destinations whose last lookup failed leave a quarter of the places to the others") {
  LookupLine line(100);
  std::uint32_t from = 0;
  int failed = 0;
  for (unsigned owner = 10; owner < 50; ++owner, from += 100) failed += begin_all(line, Owner::user(owner), from, 100, LastLookup::failed);
  CHECK(failed > 60);
  CHECK(failed <= 75);
  CHECK(begin_all(line, kFew, 20'000, 10) == 10);
}

TEST_CASE("lookup line: destinations whose last lookup failed and the others take turns") {
  LookupLine line(1);
  REQUIRE(line.begin({0, kMany}));
  REQUIRE(begin_all(line, kMany, 10, 3) == 0);
  REQUIRE(begin_all(line, kMany, 20, 3, LastLookup::failed) == 0);
  std::vector<std::uint32_t> order;
  for (LookupLine::Lookup ended{0, kMany};;) {
    line.end(ended);
    const auto next = line.next();
    if (!next) break;
    CHECK_FALSE(line.next());
    order.push_back(next->destination);
    ended = *next;
  }
  CHECK(order == std::vector<std::uint32_t>{12, 22, 10, 20, 11, 21});
}

TEST_CASE("lookup line: a destination whose lookups have failed meanwhile is looked up once") {
  LookupLine line(1);
  REQUIRE(line.begin({0, kMany}));
  REQUIRE_FALSE(line.begin({1, kMany}));
  REQUIRE_FALSE(line.begin({1, kFew, LastLookup::failed}));
  line.end({0, kMany});
  const auto first = line.next();
  REQUIRE(first);
  line.end(*first);
  CHECK_FALSE(line.next());
  CHECK_FALSE(line.waits(1));
}
