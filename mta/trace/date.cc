// Reads dates: see date.h.
#include "mta/trace/date.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <vector>

#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::mta::trace {
namespace {

constexpr int kMostZone = 14 * 60;  // UTC+14 is the easternmost
constexpr int kLeastZone = -12 * 60;
constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kDays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

// Abbreviations with one meaning; some have several (CST, IST, BST) and may be none of ours.
struct NamedZone {
  std::string_view name;
  int minutes;
};
constexpr NamedZone kZones[] = {{"ut", 0},      {"utc", 0},    {"gmt", 0},    {"z", 0},      {"wet", 0},    {"cet", 60},   {"cest", 120},
                                {"eet", 120},   {"eest", 180}, {"msk", 180},  {"hkt", 480},  {"jst", 540},  {"kst", 540},  {"est", -300},
                                {"edt", -240},  {"cdt", -300}, {"mst", -420}, {"mdt", -360}, {"pst", -480}, {"pdt", -420}, {"akst", -540},
                                {"akdt", -480}, {"aest", 600}, {"aedt", 660}, {"nzst", 720}, {"nzdt", 780}};

const NamedZone* zone_named(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kZones), std::end(kZones), [&](const NamedZone& zone) { return proto::equal_in_any_case(zone.name, name); });
  return found == std::end(kZones) ? nullptr : found;
}

template <class Names>
int index_of(const Names& names, std::string_view word) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (proto::starts_in_any_case(word, names[i])) return static_cast<int>(i);
  return -1;
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// Words, comments in their parentheses; commas are dropped.
std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::size_t kMostWords = 8;
  std::vector<std::string_view> words;
  while (words.size() < kMostWords) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n,"), text.size()));
    if (text.empty()) break;
    const auto end = text.front() == '(' ? text.find(')') : text.find_first_of(" \t\r\n,(");
    const std::size_t length = end == text.npos ? text.size() : end + (text.front() == '(' ? 1 : 0);
    words.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return words;
}

// "10:00:05" or "10:00", in seconds; -1: malformed. A leap second counts as the second before.
int seconds_of(std::string_view text) {
  std::array<int, 3> parts{};
  std::size_t count = 0;
  while (true) {
    const auto colon = text.find(':');
    const auto part = number(text.substr(0, colon));
    if (!part || count == parts.size()) return -1;
    parts[count++] = *part;
    if (colon == text.npos) break;
    text.remove_prefix(colon + 1);
  }
  const auto [hours, minutes, seconds] = parts;
  if (count < 2 || hours > 23 || minutes > 59 || seconds > 60) return -1;
  return hours * 3600 + minutes * 60 + std::min(seconds, 59);
}

void note(Date& date, std::string oddity) {
  if (date.oddity.empty()) date.oddity = std::move(oddity);
}

void read_zone(std::string_view word, Date& date) {
  if (word.empty()) return note(date, "the date has no zone");
  if (const NamedZone* const zone = zone_named(word)) {
    date.zone_minutes = zone->minutes;
    return;
  }
  const auto digits = number(word.substr(1));
  if ((word.front() != '+' && word.front() != '-') || word.size() != 5 || !digits)
    return note(date, "the zone " + proto::printable(word, 20) + " is none");
  const int minutes = (*digits / 100 * 60 + *digits % 100) * (word.front() == '-' ? -1 : 1);
  if (*digits % 100 > 59 || minutes > kMostZone || minutes < kLeastZone)
    note(date, "the zone " + std::string(word) + " does not exist");
  else if (minutes % 15 != 0)
    note(date, "no country has the zone " + std::string(word));
  date.zone_minutes = minutes;
}

// "(CET)" behind a zone in digits must have the same offset.
void compare_comment(std::string_view comment, std::string_view zone, Date& date) {
  if (!comment.starts_with('(') || !comment.ends_with(')')) return;
  const NamedZone* const named = zone_named(comment.substr(1, comment.size() - 2));
  if (named && named->minutes != date.zone_minutes)
    note(date, "the zone " + std::string(zone) + " is not that of " + std::string(comment.substr(1, comment.size() - 2)));
}

}  // namespace

Date read_date(std::string_view text) {
  Date date;
  const auto words = words_of(text);
  std::size_t at = 0;
  const auto next = [&] { return at < words.size() ? words[at++] : std::string_view(); };
  int weekday = -1;
  if (!words.empty() && (weekday = index_of(kDays, words.front())) >= 0) ++at;
  const auto day = number(next());
  const int month = index_of(kMonths, next());
  auto year = number(next());
  const int seconds = seconds_of(next());
  if (!day || month < 0 || !year || seconds < 0) {
    note(date, words.empty() ? "there is no date" : "the date cannot be read");
    return date;
  }
  if (*year < 100) *year += *year < 50 ? 2000 : 1900;  // RFC 5322 4.3
  const std::chrono::year_month_day calendar(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(month + 1)),
                                             std::chrono::day(static_cast<unsigned>(*day)));
  if (!calendar.ok() || *year > 9999 || *year < 1970) {
    note(date, "the day does not exist");
    return date;
  }
  const std::string_view zone = next();
  read_zone(zone, date);
  compare_comment(next(), zone, date);
  const std::chrono::sys_days midnight(calendar);
  if (weekday >= 0 && static_cast<int>(std::chrono::weekday(midnight).c_encoding()) != weekday)
    note(date,
         "the day is a " + std::string(proto::rfc5322_date(midnight).substr(0, 3)) + ", not a " + proto::printable(words.front(), 10));
  date.time = WallTime(midnight) + std::chrono::seconds(seconds) - std::chrono::minutes(date.zone_minutes);
  return date;
}

}  // namespace mxpress::mta::trace
