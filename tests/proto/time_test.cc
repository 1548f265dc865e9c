// Tests of dates as text.
#include "proto/time.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using mxpress::WallTime;
using mxpress::proto::rfc5322_date;

TEST_CASE("time: a date has the form of RFC 5322 with a numeric zone") {
  const WallTime time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + 5h + 51min + 7s + 999ms;
  CHECK(rfc5322_date(time) == "Sun, 22 Nov 2026 05:51:07 +0000");
  CHECK(rfc5322_date(time, 330) == "Sun, 22 Nov 2026 11:21:07 +0530");
  CHECK(rfc5322_date(time, -420) == "Sat, 21 Nov 2026 22:51:07 -0700");
  CHECK(rfc5322_date(WallTime{}) == "Thu, 01 Jan 1970 00:00:00 +0000");
  CHECK(rfc5322_date(WallTime(-1ms)) == "Wed, 31 Dec 1969 23:59:59 +0000");
}
