// Reads times in the words of replies.
#include "mta/replies/stated_wait.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "proto/ascii.h"

namespace mxpress::mta::replies {
namespace {

constexpr std::size_t kMostDigits = 7;

// Each is followed by a time.
constexpr std::array<std::string_view, 20> kBefore = {
    "again in", "again after", "again later in", "again within",      "retry in",       "retry after",  "retry again in",
    "back in",  "back after",  "back later in",  "resend in",         "resend after",   "reattempt in", "please wait",
    "wait for", "must wait",   "wait at least",  "again later after", "retry later in", "deferred for"};
// May stand between it and the number.
constexpr std::array<std::string_view, 9> kBetween = {"at least", "about",        "another", "approximately", "more than",
                                                      "around",   "a minimum of", "~",       "next"};

constexpr std::array<std::pair<std::string_view, std::int64_t>, 15> kUnits = {{{"s", 1},
                                                                               {"sec", 1},
                                                                               {"secs", 1},
                                                                               {"second", 1},
                                                                               {"seconds", 1},
                                                                               {"m", 60},
                                                                               {"min", 60},
                                                                               {"mins", 60},
                                                                               {"minute", 60},
                                                                               {"minutes", 60},
                                                                               {"h", 3600},
                                                                               {"hour", 3600},
                                                                               {"hours", 3600},
                                                                               {"hr", 3600},
                                                                               {"hrs", 3600}}};

void skip_blanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == ':' || text.front() == '(')) text.remove_prefix(1);
}

std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  std::size_t digits = 0;
  while (digits < text.size() && proto::is_digit(text[digits]) && digits <= kMostDigits) number = number * 10 + (text[digits++] - '0');
  if (digits == 0 || digits > kMostDigits) return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

// Seconds; nullopt if there is no unit.
std::optional<std::int64_t> unit_at(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '-')) text.remove_prefix(1);
  std::size_t size = 0;
  while (size < text.size() && proto::is_alpha(text[size])) ++size;
  const std::string_view word = text.substr(0, size);
  for (const auto& [name, seconds] : kUnits)
    if (name == word) return seconds;
  return std::nullopt;
}

// "00:04:58" or "04:58", after its first number.
std::optional<std::int64_t> rest_of_clock(std::int64_t first, std::string_view text) {
  std::int64_t seconds = first;
  int parts = 1;
  while (parts < 3 && text.size() > 1 && text.front() == ':' && proto::is_digit(text[1])) {
    text.remove_prefix(1);
    const auto next = take_number(text);
    if (!next || *next > 59) return std::nullopt;
    seconds = seconds * 60 + *next;
    ++parts;
  }
  return parts > 1 ? std::optional(seconds) : std::nullopt;
}

std::optional<std::int64_t> seconds_at(std::string_view text) {
  skip_blanks(text);
  for (const std::string_view word : kBetween)
    if (text.starts_with(word)) text.remove_prefix(word.size());
  skip_blanks(text);
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  if (const auto clock = rest_of_clock(*number, text)) return clock;
  const auto unit = unit_at(text);
  return unit ? std::optional(*number * *unit) : std::nullopt;
}

}  // namespace

std::optional<Duration> stated_wait(std::string_view text) {
  for (const std::string_view words : kBefore) {
    for (auto at = text.find(words); at != text.npos; at = text.find(words, at + words.size())) {
      const auto seconds = seconds_at(text.substr(at + words.size()));
      if (seconds) return std::clamp<Duration>(std::chrono::seconds(*seconds), kShortestWait, kLongestWait);
    }
  }
  return std::nullopt;
}

std::optional<Duration> written_wait(std::string_view text) {
  if (!text.ends_with('m') && !text.ends_with('h')) return std::nullopt;
  const std::string_view digits = text.substr(0, text.size() - 1);
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number < 0 || number > 720) return std::nullopt;
  const Duration wait = text.ends_with('h') ? Duration(std::chrono::hours(number)) : Duration(std::chrono::minutes(number));
  return wait < kShortestWait || wait > kLongestWait ? std::nullopt : std::optional(wait);
}

}  // namespace mxpress::mta::replies
