// Retry times: pure functions of configuration, attempt number and chance. RFC 5321 4.5.4.1.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "proto/result.h"
#include "proto/time.h"

namespace mxpress::queue {

// "90s", "5m", "4h", "5d", "1h30m".
Result<Duration> parse_duration(std::string_view text);
std::string format_duration(Duration duration);

// "1m 5m 10m 30m 1h*4 3h*": the waits after the first, second ... failed attempt; "*4" repeats, a last "*" repeats forever.
class RetrySchedule {
 public:
  static Result<RetrySchedule> parse(std::string_view text);
  static RetrySchedule standard();

  // The wait after `failures` failed attempts (1 or more), spread by up to 10 % either way. Without a last "*" the last wait repeats.
  Duration wait_after(std::uint32_t failures, std::mt19937_64& random) const;
  // The longest time that wait_after() can give.
  Duration longest_wait_after(std::uint32_t failures) const;
  std::string to_string() const;

 private:
  struct Step {
    Duration wait;
    std::uint32_t times;  // 0: forever
  };
  Duration step_after(std::uint32_t failures) const;
  std::vector<Step> steps_;
};

// This wait, and up to a tenth more.
Duration wait_of_at_least(Duration wait, std::mt19937_64& random);

// Retry intervals and lifetimes; from configuration, read again at each attempt.
struct RetryPolicy {
  RetrySchedule schedule = RetrySchedule::standard();
  Duration lifetime = std::chrono::days(5);            // then expired: 4.4.7
  Duration held_lifetime = std::chrono::days(30);      // instead of `lifetime` for mail that the operator holds
  Duration delay_notice = std::chrono::hours(4);       // 0: none
  Duration own_fault_lifetime = std::chrono::days(2);  // instead of `lifetime` for mail refused for good by a fault of this host; 0: none
  Duration outage_lifetime = std::chrono::days(3);     // extends `lifetime` by at most this while the host cannot send at all
};

}  // namespace mxpress::queue
