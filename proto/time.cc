// Points in time as text.
#include "proto/time.h"

#include <cstdlib>

namespace mxpress::proto {
namespace {

// `value` is from 0 to 99.
void append_two_digits(int value, std::string& text) {
  text.push_back(static_cast<char>('0' + value / 10));
  text.push_back(static_cast<char>('0' + value % 10));
}

// "07:24:42 +0000"
void append_clock(std::chrono::hh_mm_ss<std::chrono::seconds> clock, int zone_minutes, std::string& text) {
  append_two_digits(static_cast<int>(clock.hours().count()), text);
  text.append(":");
  append_two_digits(static_cast<int>(clock.minutes().count()), text);
  text.append(":");
  append_two_digits(static_cast<int>(clock.seconds().count()), text);
  text.append(zone_minutes < 0 ? " -" : " +");
  append_two_digits(std::abs(zone_minutes) / 60, text);
  append_two_digits(std::abs(zone_minutes) % 60, text);
}

}  // namespace

std::string rfc5322_date(WallTime time, int zone_minutes) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto local = std::chrono::floor<std::chrono::seconds>(time) + std::chrono::minutes(zone_minutes);
  const auto midnight = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss clock(local - midnight);
  std::string text;
  text.reserve(40);
  text.append(kDays[std::chrono::weekday(midnight).c_encoding()]).append(", ");
  append_two_digits(static_cast<int>(unsigned{date.day()}), text);
  text.append(" ")
      .append(kMonths[unsigned{date.month()} - 1])
      .append(" ")
      .append(std::to_string(static_cast<int>(date.year())))
      .append(" ");
  append_clock(clock, zone_minutes, text);
  return text;
}

std::string iso_date(WallTime time, int zone_minutes) {
  const auto local = std::chrono::floor<std::chrono::seconds>(time) + std::chrono::minutes(zone_minutes);
  const auto midnight = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(midnight);
  std::string text = std::to_string(static_cast<int>(date.year())) + "-";
  append_two_digits(static_cast<int>(unsigned{date.month()}), text);
  text.append("-");
  append_two_digits(static_cast<int>(unsigned{date.day()}), text);
  text.append(" ");
  append_clock(std::chrono::hh_mm_ss(local - midnight), zone_minutes, text);
  return text;
}

}  // namespace mxpress::proto
