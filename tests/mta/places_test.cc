// Places for deliveries: shares by what is known of a site, and the order in which sites get them.
#include <catch2/catch.hpp>

#include "mta/delivery/places.h"

using mxpress::mta::delivery::Places;
using mxpress::mta::delivery::Standing;

namespace {

std::size_t take_all(Places& places, Standing standing, std::size_t most) {
  std::size_t taken = 0;
  for (; places.has_one(standing, most); ++taken) places.take(standing);
  return taken;
}

std::vector<std::uint32_t> served(Places& places, std::size_t most, Standing standing) {
  std::vector<std::uint32_t> sites;
  places.serve_line(most, [&](std::uint32_t site) {
    sites.push_back(site);
    places.take(standing);
  });
  return sites;
}

}  // namespace

TEST_CASE("places: troubled sites get a quarter, those of which nothing is known half together with them, proven ones all") {
  Places places;
  CHECK(take_all(places, Standing::troubled, 100) == 25);
  CHECK(take_all(places, Standing::unproven, 100) == 25);
  CHECK(take_all(places, Standing::proven, 100) == 50);
  places.give_back(Standing::troubled);
  CHECK(places.has_one(Standing::troubled, 100));
  CHECK(places.has_one(Standing::proven, 100));
}

TEST_CASE("places: proven sites that have taken all leave none for others") {
  Places places;
  CHECK(take_all(places, Standing::proven, 8) == 8);
  CHECK_FALSE(places.has_one(Standing::unproven, 8));
  CHECK_FALSE(places.has_one(Standing::troubled, 8));
}

TEST_CASE("places: however few there are, each kind of site may have one") {
  for (const Standing standing : {Standing::troubled, Standing::unproven, Standing::proven}) {
    Places places;
    CHECK(take_all(places, standing, 1) == 1);
  }
}

TEST_CASE("places: sites that wait are served in the order in which they came, as far as there are places") {
  Places places;
  take_all(places, Standing::proven, 3);
  for (const std::uint32_t site : {7u, 3u, 5u}) places.wait(site, Standing::proven);
  CHECK(served(places, 3, Standing::proven).empty());
  places.give_back(Standing::proven);
  places.give_back(Standing::proven);
  CHECK(served(places, 3, Standing::proven) == std::vector<std::uint32_t>{7, 3});
  places.give_back(Standing::proven);
  CHECK(served(places, 3, Standing::proven) == std::vector<std::uint32_t>{5});
}

TEST_CASE("places: with one place the three kinds of site take turns") {
  Places places;
  for (const std::uint32_t site : {1u, 2u}) places.wait(site, Standing::proven);
  for (const std::uint32_t site : {3u, 4u}) places.wait(site, Standing::unproven);
  std::vector<std::uint32_t> order;
  for (int turn = 0; turn < 4; ++turn)
    places.serve_line(1,
                      [&](std::uint32_t site) {
                        order.push_back(site);
                        places.take(Standing::proven);
                      }),
        places.give_back(Standing::proven);
  CHECK(order == std::vector<std::uint32_t>{3, 1, 2, 4});
}
