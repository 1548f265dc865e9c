// The chunked vector: behaves like a vector, and moves nothing.
#include "queue/slab.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace mxpress;

TEST_CASE("slab: it holds what a vector holds, however values come and go") {
  queue::Slab<int, 8> slab;
  std::vector<int> expected;
  std::mt19937 random(1);
  for (int i = 0; i < 5000; ++i) {
    const bool grows = random() % 100 < (i < 2500 ? 55 : 45);
    if (grows) {
      slab.push_back(i);
      expected.push_back(i);
    } else if (!expected.empty()) {
      slab.pop_back();
      expected.pop_back();
    }
    REQUIRE(slab.size() == expected.size());
    for (std::size_t place = 0; place < expected.size(); ++place) REQUIRE(slab[place] == expected[place]);
  }
}

TEST_CASE("slab: a value stays where it is while others come") {
  queue::Slab<int, 8> slab;
  const int* first = &slab.push_back(1);
  for (int i = 0; i < 1000; ++i) slab.push_back(i);
  CHECK(first == &slab[0]);
  CHECK(*first == 1);
}
