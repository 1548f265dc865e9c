// Lines: "mxpress-rates 1", "clock WALL BOOT_MS BOOT", "limit KEY messages|recipients PERIOD RESERVED AGE*COUNT ...", a checksum; times in
// ms.
#include "mta/rates/record.h"

#include <algorithm>
#include <sstream>

#include "queue/small_file.h"

namespace mxpress::mta::rates {
namespace {

constexpr std::string_view kFormat = "mxpress-rates 1";
constexpr std::int64_t kLongest = std::int64_t{1} << 50;  // ms; beyond any clock

Error damaged() { return Error::permanent("is damaged, or of another version of mxpress"); }

Duration since(const Moment& then, const Moment& now) {
  const Duration passed = then.boot == now.boot ? now.instant - then.instant : now.wall - then.wall;
  return std::max(passed, Duration(0));
}

std::optional<Moment> parse_clock(std::istringstream words) {
  std::string word;
  std::int64_t wall = 0, instant = 0;
  Moment moment;
  words >> word >> wall >> instant >> moment.boot;
  if (!words || word != "clock" || std::abs(wall) > kLongest || std::abs(instant) > kLongest) return std::nullopt;
  moment.wall = WallTime(Duration(wall));
  moment.instant = Instant(Duration(instant));
  return moment;
}

// `written`: time of writing, on the reader's clock.
std::optional<SavedLimit> parse_limit(std::istringstream words, Instant written) {
  SavedLimit limit;
  std::string word, counts;
  std::int64_t period = 0, age = 0;
  words >> word >> limit.key >> counts >> period >> limit.reserved;
  if (!words || word != "limit" || (counts != "messages" && counts != "recipients") || period < 1 || period > kLongest) return std::nullopt;
  limit.counts = counts == "messages" ? Counts::messages : Counts::recipients;
  limit.period = Duration(period);
  char star = 0;
  for (std::uint64_t count = 0; words >> age >> star >> count;) {
    if (star != '*' || std::abs(age) > kLongest) return std::nullopt;
    limit.entries.push_back({written - Duration(age), written - Duration(age), count});
  }
  return words.eof() ? std::optional(std::move(limit)) : std::nullopt;
}

}  // namespace

std::string record_text(const Moment& moment, const std::string& lines) {
  return queue::with_checksum(std::string(kFormat) + "\nclock " + std::to_string(moment.wall.time_since_epoch().count()) + " " +
                              std::to_string(moment.instant.time_since_epoch().count()) + " " + moment.boot + "\n" + lines);
}

Result<std::vector<SavedLimit>> parse_record(std::string_view text, const Moment& now) {
  const auto checked = queue::without_checksum(text);
  if (!checked) return damaged();
  std::istringstream lines(*checked);
  std::string line;
  if (!std::getline(lines, line) || line != kFormat || !std::getline(lines, line)) return damaged();
  const auto clock = parse_clock(std::istringstream(line));
  if (!clock) return damaged();
  const Instant written = now.instant - since(*clock, now);
  std::vector<SavedLimit> limits;
  while (std::getline(lines, line)) {
    auto limit = parse_limit(std::istringstream(line), written);
    if (!limit) return damaged();
    limits.push_back(std::move(*limit));
  }
  return limits;
}

}  // namespace mxpress::mta::rates
