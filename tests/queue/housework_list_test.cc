// The work list of the housekeeper.
#include "queue/housework_list.h"

#include <catch2/catch.hpp>

#include "queue/message_file.h"
#include "tests/queue/operations.h"

namespace mxpress::queue {
namespace {

constexpr auto kForever = std::chrono::hours(24);
constexpr QueueId kId{1}, kOther{2};

TEST_CASE("housework list: what is taken is off the list") {
  HouseworkList list;
  CHECK(list.is_empty());
  list.add({kId}, {kOther});
  list.add_to_remove(kId);
  CHECK(list.take_to_place() == std::vector<QueueId>{kId});
  CHECK_FALSE(list.is_empty());
  CHECK(list.take_to_remove() == std::vector<QueueId>{kOther, kId});
  CHECK(list.is_empty());
}

TEST_CASE("housework list: the housekeeper waits neither for what is on the list nor after stop()") {
  HouseworkList list;
  list.add({kId}, {});
  list.wait(kForever);
  (void)list.take_to_place();
  list.stop();
  list.wait(kForever);
  list.rest(kForever);
  CHECK(list.is_stopping());
}

TEST_CASE("housework list: a large message ends a rest, other work does not") {
  HouseworkList list;
  list.add({kId}, {});
  list.rest(std::chrono::nanoseconds(1));
  list.add_large({a_store(kId), nullptr});
  list.rest(kForever);
  CHECK(list.take_large().size() == 1);
}

}  // namespace
}  // namespace mxpress::queue
