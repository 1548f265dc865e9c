// The map of queue ids: an entry is found until it is erased, across pages and runs.
#include "queue/id_map.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>

using namespace mxpress;
using proto::QueueId;

TEST_CASE("id map: it holds what a map holds, however values come and go") {
  queue::IdMap<int> ids;
  std::map<std::uint64_t, int> expected;
  std::mt19937 random(1);
  for (int i = 1; i < 20'000; ++i) {
    const QueueId id{(std::uint64_t{random() % 3} << 40) | (random() % 300)};
    if (random() % 2 == 0) {
      ids[id] = expected[id.value] = i;
    } else {
      ids.erase(id);
      expected.erase(id.value);
    }
    REQUIRE(ids.size() == expected.size());
  }
  std::map<std::uint64_t, int> found;
  ids.for_each([&found](QueueId id, int value) { found[id.value] = value; });
  CHECK(found == expected);
}

TEST_CASE("id map: what was erased and is made again begins empty") {
  queue::IdMap<int> ids;
  ids[QueueId{7}] = 1;
  ids[QueueId{8}] = 2;
  ids.erase(QueueId{7});
  CHECK_FALSE(ids.contains(QueueId{7}));
  CHECK(ids[QueueId{7}] == 0);
}

TEST_CASE("id map: a merge takes the ids of another run") {
  queue::IdMap<int> ids, earlier;
  ids[QueueId{(std::uint64_t{2} << 40) | 1}] = 1;
  earlier[QueueId{(std::uint64_t{1} << 40) | 1}] = 2;
  ids.merge(std::move(earlier));
  CHECK(ids.size() == 2);
  CHECK(*ids.find(QueueId{(std::uint64_t{1} << 40) | 1}) == 2);
}
