// Shares of the lookups of a worker.
#include "mta/delivery/lookup_line.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

using mxpress::mta::delivery::LookupLine;
using mxpress::mta::fairness::Owner;

namespace {

const Owner kMany = Owner::user(1), kFew = Owner::user(2), kOther = Owner::user(3);

// Enters this many destinations of the owner, from this index on; returns how many have begun.
int begin_all(LookupLine& line, const Owner& owner, std::uint32_t from, std::uint32_t count) {
  int begun = 0;
  for (std::uint32_t i = from; i < from + count; ++i) begun += line.begin(i, owner) ? 1 : 0;
  return begun;
}

}  // namespace

TEST_CASE("lookup line: a message to thousands of domains leaves half of the places to other users' mail, which does not wait") {
  LookupLine line;
  CHECK(begin_all(line, kMany, 0, 10'000) == 50);
  CHECK(begin_all(line, kFew, 20'000, 10) == 10);
  CHECK(line.waiting() == 9'950);
}

TEST_CASE("lookup line: owners take turns when places are free, and the newest and the oldest of each do") {
  LookupLine line(2);
  REQUIRE(begin_all(line, kMany, 0, 1) == 1);
  REQUIRE(begin_all(line, kFew, 10, 1) == 1);
  REQUIRE(begin_all(line, kMany, 1, 4) == 0);
  REQUIRE(begin_all(line, kFew, 11, 4) == 0);
  std::vector<std::uint32_t> order;
  for (int round = 0; round < 4; ++round) {
    line.end(kMany);
    line.end(kFew);
    while (const auto next = line.next()) order.push_back(next->item);
  }
  CHECK(order == std::vector<std::uint32_t>{4, 14, 1, 11, 3, 13, 2, 12});
  CHECK(line.waiting() == 0);
}

TEST_CASE("lookup line: a destination in the long line of one owner is looked up as soon as another owner's mail for it has a place") {
  LookupLine line(4);
  begin_all(line, kMany, 0, 1000);
  REQUIRE(line.waits(500));
  CHECK_FALSE(line.begin(500, kFew));
  CHECK_FALSE(line.begin(500, kFew));
  const auto next = line.next();
  REQUIRE(next);
  CHECK(next->item == 500);
  CHECK(next->owner == kFew);
  CHECK_FALSE(line.waits(500));
}

TEST_CASE("lookup line: each destination is looked up once, whoever waits for it, and none is forgotten") {
  LookupLine line(10);
  std::vector<std::pair<std::uint32_t, Owner>> under_way;
  std::vector<int> times(300);
  for (std::uint32_t i = 0; i < 300; ++i) {
    for (const Owner& owner : {kMany, kFew, kOther}) {
      if (times[i] > 0 || !line.begin(i, owner)) continue;
      ++times[i];
      under_way.push_back({i, owner});
    }
  }
  while (!under_way.empty()) {
    line.end(under_way.back().second);
    under_way.pop_back();
    while (const auto next = line.next()) {
      ++times[next->item];
      under_way.push_back({next->item, next->owner});
    }
  }
  CHECK(std::all_of(times.begin(), times.end(), [](int count) { return count == 1; }));
  CHECK(line.waiting() == 0);
}
