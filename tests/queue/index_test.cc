// The spool's data about a message in memory.
#include "queue/index.h"
#include "queue/state.h"

#include <catch2/catch.hpp>

using namespace mxpress;
using queue::Entry;
using queue::Location;

TEST_CASE("index: where a message lies is known before it has a history, with one, and after") {
  Entry entry;
  entry.begin(1, 256);
  CHECK(entry.accepted().segment == 0);
  entry.set_accepted({7, 8});
  CHECK_FALSE(entry.more());
  entry.history().later.push_back({9, 10});
  CHECK(entry.accepted().segment == 7);
  entry.set_accepted({11, 12});
  CHECK(entry.accepted().offset_by_8 == 12);
  entry.moved(1);
  CHECK_FALSE(entry.more());
  CHECK(entry.accepted().segment == 0);
}

TEST_CASE("index: a history goes where its entry is moved, and ends with it") {
  const auto remembered = std::make_shared<const queue::Message>();
  {
    Entry entry;
    entry.rest().remembered = remembered;
    entry.sequence = 5;
    Entry moved = std::move(entry);
    CHECK(moved.sequence == 5);
    REQUIRE(moved.more());
    CHECK(moved.remembered() == remembered);
    Entry other;
    other.history();
    other = std::move(moved);
    CHECK(other.remembered() == remembered);
    other = Entry();
    CHECK_FALSE(other.more());
  }
  CHECK(remembered.use_count() == 1);
}

TEST_CASE("index: whether a message has finished is known without a look at recipients that are known to have ended") {
  Entry entry;
  entry.begin(1000, 10);
  const auto end = [&entry](std::uint32_t recipient) {
    queue::Settlement settlement;
    settlement.changes.push_back({recipient, {.stage = queue::RecipientStage::delivered, .last = {}}});
    entry.stages().apply(settlement);
    return entry.stages().finished();
  };
  for (std::uint32_t i = 0; i < 999; ++i) {
    CHECK_FALSE(end(i));
    CHECK(entry.rest().other_stages.closed == i);  // the next look begins here
  }
  CHECK(end(999));
}
