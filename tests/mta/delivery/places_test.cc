// Places for deliveries: shares by standing and owner, and the order in which sites get them.
#include "mta/delivery/places.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <vector>

using mxpress::mta::delivery::Places;
using mxpress::mta::delivery::Standing;
using mxpress::mta::fairness::Owner;

namespace {

const Owner kMany = Owner::user(1), kOther = Owner::user(2);

std::size_t take_all(Places& places, Standing standing, std::size_t most, const Owner& owner) {
  std::size_t taken = 0;
  for (; places.has_one({standing, owner}, most); ++taken) places.take({standing, owner});
  return taken;
}

// Takes each place by an owner of its own, from this uid on.
std::size_t take_all(Places& places, Standing standing, std::size_t most, std::int64_t uid) {
  std::size_t taken = 0;
  for (; places.has_one({standing, Owner::user(uid)}, most); ++uid, ++taken) places.take({standing, Owner::user(uid)});
  return taken;
}

// Each served site takes a place of this owner.
std::vector<std::uint32_t> served(Places& places, std::size_t most, Standing standing, const Owner& owner) {
  std::vector<std::uint32_t> sites;
  places.serve_line(most, [&](std::uint32_t site) {
    sites.push_back(site);
    places.take({standing, owner});
  });
  return sites;
}

}  // namespace

TEST_CASE("places: failing sites get a quarter, with slow ones three eighths, with unknown ones half, and proven ones all") {
  Places places;
  CHECK(take_all(places, Standing::failing, 100, 1000) == 25);
  CHECK(take_all(places, Standing::slow, 100, 1500) == 12);
  CHECK(take_all(places, Standing::unproven, 100, 2000) == 13);
  CHECK(take_all(places, Standing::proven, 100, 3000) == 50);
  places.give_back({Standing::failing, Owner::user(1000)});
  CHECK(places.has_one({Standing::failing, Owner::user(1000)}, 100));
  CHECK(places.has_one({Standing::proven, Owner::user(1000)}, 100));
}

TEST_CASE("places: proven sites that have taken all leave none for others") {
  Places places;
  CHECK(take_all(places, Standing::proven, 8, 1000) == 8);
  CHECK_FALSE(places.has_one({Standing::unproven, kOther}, 8));
  CHECK_FALSE(places.has_one({Standing::failing, kOther}, 8));
}

TEST_CASE("places: however few there are, each kind of site may have one, whosever mail it is") {
  for (const Standing standing : {Standing::failing, Standing::slow, Standing::unproven, Standing::proven}) {
    Places places;
    CHECK(take_all(places, standing, 1, kMany) == 1);
  }
}

TEST_CASE("places: one owner alone has three quarters of what sites of each standing may have") {
  for (const auto& [standing, count] : {std::pair(Standing::failing, 18u), {Standing::unproven, 37u}, {Standing::proven, 75u}}) {
    Places places;
    CHECK(take_all(places, standing, 100, kMany) == count);
  }
}

TEST_CASE("places: an owner who comes later has half of what the earlier ones left, and one while any is free") {
  Places places;
  std::vector<std::size_t> taken;
  for (int uid = 1; uid <= 7; ++uid) taken.push_back(take_all(places, Standing::unproven, 100, Owner::user(uid)));
  CHECK(taken == std::vector<std::size_t>{37, 6, 3, 2, 1, 1, 0});
}

TEST_CASE("places: an owner whose hosts are slow or dead may have a place for one whose host is not, while any is free") {
  Places places;
  REQUIRE(take_all(places, Standing::failing, 4, kMany) == 1);
  CHECK(take_all(places, Standing::unproven, 4, kMany) == 1);
  CHECK(take_all(places, Standing::proven, 4, kMany) == 1);
  CHECK(take_all(places, Standing::proven, 4, kOther) == 1);
}

TEST_CASE("places: what an owner holds for new sites counts among what he may hold for proven ones") {
  Places places;
  REQUIRE(take_all(places, Standing::unproven, 100, kMany) == 37);
  CHECK(take_all(places, Standing::proven, 100, kMany) == 38);
  CHECK(take_all(places, Standing::proven, 100, kOther) == 12);
}

TEST_CASE("places: an owner with much mail for proven sites has his share of the places for new ones, while a quarter of all is free") {
  Places places;
  REQUIRE(take_all(places, Standing::unproven, 100, kOther) == 37);
  for (int i = 0; i < 30; ++i) places.take({Standing::proven, kMany});
  CHECK(take_all(places, Standing::unproven, 100, kMany) == 6);
}

TEST_CASE("places: two owners who want all have as many each, once deliveries of the first have ended") {
  Places places;
  for (std::uint32_t site = 0; site < 1000; ++site) places.wait(site, {Standing::proven, site < 500 ? kMany : kOther});
  std::deque<Owner> held(take_all(places, Standing::proven, 100, kMany), kMany);
  for (int ended = 0; ended < 300; ++ended) {
    places.give_back({Standing::proven, held.front()});
    held.pop_front();
    places.serve_line(100, [&](std::uint32_t site) {
      held.push_back(site < 500 ? kMany : kOther);
      places.take({Standing::proven, held.back()});
    });
  }
  const auto others = std::count(held.begin(), held.end(), kOther);
  CHECK(held.size() == 75);
  CHECK(others >= 36);
  CHECK(others <= 39);
}

TEST_CASE("places: sites of one owner that wait are served newest and oldest in turn, as far as there are places") {
  Places places;
  const Places::Place place{Standing::proven, kMany};
  REQUIRE(take_all(places, Standing::proven, 4, kMany) == 3);
  for (const std::uint32_t site : {7u, 3u, 5u}) places.wait(site, place);
  CHECK(served(places, 4, Standing::proven, kMany).empty());
  places.give_back(place);
  places.give_back(place);
  CHECK(served(places, 4, Standing::proven, kMany) == std::vector<std::uint32_t>{5, 7});
  places.give_back(place);
  CHECK(served(places, 4, Standing::proven, kMany) == std::vector<std::uint32_t>{3});
}

TEST_CASE("places: a site of an owner who has a place passes the thousand sites of one who has none") {
  Places places;
  take_all(places, Standing::unproven, 100, kMany);
  for (std::uint32_t site = 0; site < 1000; ++site) places.wait(site, {Standing::unproven, kMany});
  places.wait(5000, {Standing::unproven, kOther});
  CHECK(served(places, 100, Standing::unproven, kOther) == std::vector<std::uint32_t>{5000});
}

TEST_CASE("places: owners whose sites wait take turns") {
  Places places;
  for (const std::uint32_t uid : {1u, 2u, 3u})
    for (std::uint32_t site = 0; site < 6; ++site) places.wait(10 * uid + site, {Standing::unproven, Owner::user(uid)});
  std::vector<std::uint32_t> owners;
  places.serve_line(24, [&](std::uint32_t site) {
    owners.push_back(site / 10);
    places.take({Standing::unproven, Owner::user(site / 10)});
  });
  CHECK(owners == std::vector<std::uint32_t>{1, 2, 3, 1, 2, 3, 1, 2, 3});
}

TEST_CASE("places: a site that waits for several owners is served once, when the first of them has a place") {
  Places places;
  take_all(places, Standing::unproven, 100, kMany);
  places.wait(7, {Standing::unproven, kMany});
  places.wait(7, {Standing::proven, kOther});  // its standing has changed meanwhile
  places.wait(7, {Standing::unproven, kOther});
  CHECK(served(places, 100, Standing::unproven, kOther) == std::vector<std::uint32_t>{7});
  for (int i = 0; i < 37; ++i) places.give_back({Standing::unproven, kMany});
  CHECK(served(places, 100, Standing::unproven, kMany).empty());
}

TEST_CASE("places: with one place the three kinds of site take turns") {
  Places places;
  for (const std::uint32_t site : {1u, 2u}) places.wait(site, {Standing::proven, kMany});
  for (const std::uint32_t site : {3u, 4u}) places.wait(site, {Standing::unproven, kMany});
  std::vector<std::uint32_t> order;
  for (int turn = 0; turn < 4; ++turn) {
    for (const std::uint32_t site : served(places, 1, Standing::proven, kMany)) order.push_back(site);
    places.give_back({Standing::proven, kMany});
  }
  CHECK(order == std::vector<std::uint32_t>{4, 2, 1, 3});
}
