// Points in time as values. No function here reads a clock: the time is always an argument.
#pragma once

#include <chrono>
#include <string>

namespace mxpress {

using Duration = std::chrono::milliseconds;
// Wall-clock time, as on disk and in header fields.
using WallTime = std::chrono::sys_time<Duration>;

}  // namespace mxpress

namespace mxpress::proto {

// RFC 5322 3.3, with the numeric zone given in minutes east of UTC: "Sun, 22 Nov 2026 05:51:00 +0000".
std::string rfc5322_date(WallTime time, int zone_minutes = 0);
// "2026-12-01 07:24:42 +0000", for people who read no English. ISO 8601
std::string iso_date(WallTime time, int zone_minutes = 0);

}  // namespace mxpress::proto
