// The set of queue ids: contains all added ids, for any order.
#include "queue/id_set.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>

using namespace mxpress;
using proto::QueueId;

TEST_CASE("id set: it tells each id that was put in, and no other") {
  queue::IdSet ids;
  std::set<QueueId> expected;
  std::mt19937_64 random(1);
  CHECK(ids.ids().empty());
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const QueueId id{random() % 3 == 0 ? random() % 1'000'000 : (std::uint64_t{1} << 40) + i + random() % 50};
    ids.add(id);
    expected.insert(id);
  }
  const auto told = ids.ids();
  CHECK(std::set<QueueId>(told.begin(), told.end()) == expected);
  CHECK(told.size() < 1.5 * static_cast<double>(expected.size()));
}
