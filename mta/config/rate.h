// How much a route may hand over in which time: "100/h".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/result.h"
#include "proto/time.h"

namespace mxpress::mta {

// At most `count` in any `period`.
struct Rate {
  static constexpr std::uint64_t kMost = 10'000'000;

  std::uint64_t count = 1;                    // 1 to kMost
  Duration period = std::chrono::seconds(1);  // a second, a minute, an hour or a day

  // "100/h". The Error says what to write instead.
  static Result<Rate> parse(std::string_view text);
  std::string to_string() const { return std::to_string(count) + "/" + unit(); }
  // Of its period: "s", "m", "h" or "d".
  std::string unit() const;
  bool operator==(const Rate&) const = default;
};

}  // namespace mxpress::mta
