// Times in the words of replies.
#include "mta/replies/stated_wait.h"

#include <catch2/catch.hpp>

using namespace mxpress::mta::replies;
using namespace std::chrono_literals;

TEST_CASE("stated wait: numbers with a unit behind words that ask for a wait") {
  CHECK(stated_wait("greylisted, try again in 300 seconds") == 300s);
  CHECK(stated_wait("retry after 5 minutes please") == 5min);
  CHECK(stated_wait("please come back in 00:04:58") == 298s);
  CHECK(stated_wait("please wait 10m") == 10min);
  CHECK(stated_wait("try again later. retry in about 2 hours") == 2h);
  CHECK(stated_wait("you must wait at least 15 min") == 15min);
  CHECK(stated_wait("try again in (90-second) steps") == 90s);
  CHECK(stated_wait("try again in 12:30") == 750s);
}

TEST_CASE("stated wait: between a minute and twelve hours") {
  CHECK(stated_wait("try again in 5 seconds") == 1min);
  CHECK(stated_wait("try again in 3 hours") == 3h);
  CHECK(stated_wait("try again in 9999999 hours") == 12h);
  CHECK(stated_wait("try again in 0 seconds") == 1min);
}

TEST_CASE("stated wait: no unit, no number, or no request is none") {
  CHECK_FALSE(stated_wait("try again in 300"));
  CHECK_FALSE(stated_wait("try again in a few minutes"));
  CHECK_FALSE(stated_wait("blocked for 300 seconds"));
  CHECK_FALSE(stated_wait("try again in 99999999999 seconds"));
  CHECK_FALSE(stated_wait("try again in 5 attempts"));
  CHECK_FALSE(stated_wait("try again in 12:99"));
  CHECK_FALSE(stated_wait(""));
}
