// The time after which a reply asks to be tried again.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "proto/time.h"

namespace mxpress::mta::replies {

inline constexpr Duration kShortestWait = std::chrono::minutes(1);
inline constexpr Duration kLongestWait = std::chrono::hours(12);

// `text` in lower case. "try again in 300 seconds", "retry after 5 minutes", "come back in 00:04:58"; between the bounds above. Nullopt:
// the text states none, or one without a unit.
std::optional<Duration> stated_wait(std::string_view text);

// A wait in a file of rules: "90m", "2h", between the same bounds.
std::optional<Duration> written_wait(std::string_view text);

}  // namespace mxpress::mta::replies
