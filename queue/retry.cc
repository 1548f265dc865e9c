// Retry times: the notation of the configuration, and the wait with its spread.
#include "queue/retry.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace mxpress::queue {
namespace {

constexpr std::int64_t kLongest = std::int64_t{3650} * 24 * 3600;  // seconds; ten years
constexpr std::uint32_t kMostTimes = 1000;
constexpr std::size_t kMostSteps = 100;

struct Unit {
  char letter;
  std::int64_t seconds;
};
constexpr Unit kUnits[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes digits from the front; nullopt without a digit, or over `limit`.
std::optional<std::int64_t> take_number(std::string_view& text, std::int64_t limit) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  std::int64_t number = 0;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    number = number * 10 + (text.front() - '0');
    if (number > limit) return std::nullopt;
  }
  return number;
}

std::optional<std::int64_t> take_unit(std::string_view& text) {
  for (const auto& unit : kUnits) {
    if (text.empty() || text.front() != unit.letter) continue;
    text.remove_prefix(1);
    return unit.seconds;
  }
  return std::nullopt;
}

Error no_duration(std::string_view text) {
  return Error::permanent("\"" + std::string(text) + "\" is no duration; write 90s, 5m, 4h, 5d or 1h30m");
}

Error no_schedule(std::string_view step) {
  return Error::permanent("\"" + std::string(step) + "\" is no retry step; write 30m, 1h*4 (four times) or, at the end, 3h* (forever)");
}

std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const auto word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  auto rest = text;
  std::int64_t seconds = 0, last_unit = std::numeric_limits<std::int64_t>::max();
  while (!rest.empty()) {
    const auto number = take_number(rest, kLongest);
    const auto unit = number ? take_unit(rest) : std::nullopt;
    if (!unit || *unit >= last_unit) return no_duration(text);  // each unit once, the larger first
    last_unit = *unit;
    seconds += *number * *unit;
    if (seconds > kLongest) return no_duration(text);
  }
  if (text.empty()) return no_duration(text);
  return Duration(std::chrono::seconds(seconds));
}

std::string format_duration(Duration duration) {
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (seconds <= 0) return "0s";
  std::string out;
  for (const auto& unit : kUnits) {
    if (const auto count = seconds / unit.seconds) out += std::to_string(count) + unit.letter;
    seconds %= unit.seconds;
  }
  return out;
}

Result<RetrySchedule> RetrySchedule::parse(std::string_view text) {
  RetrySchedule schedule;
  bool for_ever = false;
  for (auto word = take_word(text); !word.empty(); word = take_word(text)) {
    const auto star = word.find('*');
    const auto wait = parse_duration(word.substr(0, star));
    if (!wait || wait->count() == 0 || for_ever || schedule.steps_.size() == kMostSteps) return no_schedule(word);
    std::uint32_t times = 1;
    if (star != std::string_view::npos) {
      auto count = word.substr(star + 1);
      for_ever = count.empty();
      const auto number = for_ever ? std::optional<std::int64_t>(0) : take_number(count, kMostTimes);
      if (!number || !count.empty() || (!for_ever && *number == 0)) return no_schedule(word);
      times = static_cast<std::uint32_t>(*number);
    }
    schedule.steps_.push_back({*wait, times});
  }
  if (schedule.steps_.empty()) return Error::permanent("a retry schedule needs at least one wait, such as 5m");
  return schedule;
}

RetrySchedule RetrySchedule::standard() { return std::move(parse("1m 5m 10m 30m 1h*4 3h*")).value(); }

Duration RetrySchedule::step_after(std::uint32_t failures) const {
  std::uint64_t passed = 0;
  for (const auto& step : steps_) {
    passed += step.times;
    if (step.times == 0 || passed >= std::max(failures, 1u)) return step.wait;
  }
  return steps_.back().wait;
}

Duration RetrySchedule::wait_after(std::uint32_t failures, std::mt19937_64& random) const {
  const auto wait = step_after(failures);
  const auto spread = wait.count() / 10;
  return wait + Duration(std::uniform_int_distribution<std::int64_t>(-spread, spread)(random));
}

Duration wait_of_at_least(Duration wait, std::mt19937_64& random) {
  return wait + Duration(std::uniform_int_distribution<std::int64_t>(0, wait.count() / 10)(random));
}

Duration RetrySchedule::longest_wait_after(std::uint32_t failures) const {
  const auto wait = step_after(failures);
  return wait + wait / 10;
}

std::string RetrySchedule::to_string() const {
  std::string out;
  for (const auto& step : steps_) {
    if (!out.empty()) out += ' ';
    out += format_duration(step.wait);
    if (step.times != 1) out += '*';
    if (step.times > 1) out += std::to_string(step.times);
  }
  return out;
}

}  // namespace mxpress::queue
