// Dates in trace fields: reads all forms that hosts write, and says what is odd about one. RFC 5322 3.3, 4.3. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/time.h"

namespace mxpress::mta::trace {

struct Date {
  std::optional<WallTime> time;  // nullopt: it cannot be read, or does not exist
  int zone_minutes = 0;          // east of UTC
  std::string oddity;            // "the zone +2500 does not exist", for people, without a full stop; empty: none
};

// "Tue, 1 Dec 2026 10:00:05 +0100 (CET)", also without the day of the week, with an obsolete zone, or with text behind it.
Date read_date(std::string_view text);

}  // namespace mxpress::mta::trace
