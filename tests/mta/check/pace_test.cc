// How often addresses may be checked.
#include "mta/check/pace.h"

#include <catch2/catch.hpp>

using namespace mxpress;
using namespace mxpress::mta::check;

namespace {
const WallTime kNow{std::chrono::sys_days{std::chrono::year(2026) / 12 / 1}};
}

TEST_CASE("check pace: after ten checks within a minute the next one waits until the first is a minute old") {
  Pace pace;
  for (std::size_t i = 0; i < kMostInPeriod; ++i) CHECK_FALSE(pace.begin(kNow + std::chrono::seconds(i)));
  CHECK(pace.begin(kNow + std::chrono::seconds(20)) == Duration(std::chrono::seconds(40)));
  CHECK_FALSE(pace.begin(kNow + std::chrono::seconds(60)));
  CHECK(pace.begin(kNow + std::chrono::seconds(60)) == Duration(std::chrono::seconds(1)));
}

TEST_CASE("check pace: the times survive in a file, and neither damage nor a step of the clock keeps anybody out") {
  Pace pace;
  for (std::size_t i = 0; i < kMostInPeriod; ++i) CHECK_FALSE(pace.begin(kNow));
  CHECK(Pace::parse(pace.text()).begin(kNow + std::chrono::seconds(1)));
  CHECK_FALSE(Pace::parse(pace.text()).begin(kNow - std::chrono::hours(1)));
  CHECK_FALSE(Pace::parse("\n12x\n-\n99999999999999999999999\n" + std::string(2000, '\0')).begin(kNow));
}
