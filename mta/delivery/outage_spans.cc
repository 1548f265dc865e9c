// Time spans of outages, and their file.
#include "mta/delivery/outage_spans.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <utility>

#include "proto/printable.h"

namespace mxpress::mta::delivery {
namespace {

constexpr std::string_view kHead = "mxpress outages 1";
constexpr std::size_t kMostText = 4000;
constexpr std::size_t kMostReason = 200;

std::int64_t to_milliseconds(Instant when, Instant now, WallTime wall) {
  return std::chrono::duration_cast<std::chrono::milliseconds>((wall + (when - now)).time_since_epoch()).count();
}

// The result is never in the future.
Instant from_milliseconds(std::int64_t milliseconds, Instant now, WallTime wall) {
  constexpr std::int64_t kMost = 8'000'000'000'000;  // in the year 2223; a damaged file may have any number
  const Duration ago = wall.time_since_epoch() - std::chrono::milliseconds(std::clamp<std::int64_t>(milliseconds, 0, kMost));
  return now - std::max(ago, Duration(0));
}

bool is_of(const OutageSpans::Span& span, std::string_view way) {
  return span.way == way || (way == kDirectWay && span.way == kDirectLookups);
}

Error damaged() { return Error::permanent("is damaged, or of another version"); }

}  // namespace

void OutageSpans::begin(std::string_view way, std::string_view reason, Instant now) {
  if (std::any_of(spans_.begin(), spans_.end(), [way](const Span& one) { return one.way == way && !one.ended; })) return;
  if (spans_.size() == kMost) {
    const auto lasted = [now](const Span& one) { return one.ended ? *one.ended - one.begun : now - one.begun; };
    const auto is_less = [&](const Span& a, const Span& b) {
      return std::pair(!a.ended.has_value(), lasted(a)) < std::pair(!b.ended.has_value(), lasted(b));
    };
    spans_.erase(std::min_element(spans_.begin(), spans_.end(), is_less));
  }
  spans_.push_back({std::string(way), proto::printable(reason, kMostReason), now});
}

void OutageSpans::end(std::string_view way, Instant now) {
  for (Span& span : spans_)
    if (span.way == way && !span.ended) span.ended = now;
}

const OutageSpans::Span* OutageSpans::current(std::string_view way) const {
  const auto found = std::find_if(spans_.begin(), spans_.end(), [way](const Span& one) { return is_of(one, way) && !one.ended; });
  return found == spans_.end() ? nullptr : &*found;
}

bool OutageSpans::lasts(std::string_view way) const { return current(way) != nullptr; }

// Spans may overlap.
Duration OutageSpans::total(std::string_view way, Instant from, Instant to) const {
  Duration total{0};
  Instant counted = from;  // end of the time counted so far
  for (const Span& span : spans_) {
    if (!is_of(span, way)) continue;
    const Instant begin = std::max(span.begun, counted), end = std::min(span.ended.value_or(to), to);
    if (begin >= end) continue;
    total += end - begin;
    counted = end;
  }
  return total;
}

std::string OutageSpans::text(const std::vector<dns::Target>& probes, Instant now, WallTime wall) const {
  std::string text = std::string(kHead) + "\n";
  for (std::size_t i = 0; i < std::min(probes.size(), kMostProbes); ++i)
    text += "probe " + probes[i].address.to_string() + " " + std::to_string(probes[i].port) + "\n";
  std::vector<std::string> lines;
  std::size_t octets = text.size();
  for (auto span = spans_.rbegin(); span != spans_.rend(); ++span) {  // keeps the latest
    std::string line = "span " + std::to_string(to_milliseconds(span->begun, now, wall)) + " " +
                       (span->ended ? std::to_string(to_milliseconds(*span->ended, now, wall)) : "-") + " " + span->way;
    if (!span->ended) line += "\t" + span->reason;
    if (octets + line.size() + 1 > kMostText) break;
    octets += line.size() + 1;
    lines.push_back(std::move(line));
  }
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) text += *line + "\n";
  return text;
}

Result<OutageSpans::Restored> OutageSpans::parse(std::string_view text, Instant now, WallTime wall) {
  std::istringstream lines{std::string(text)};
  std::string line;
  if (!std::getline(lines, line) || line != kHead) return damaged();
  Restored restored;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string kind, first, second, rest;
    words >> kind >> first >> second >> std::ws;
    std::getline(words, rest);
    if (kind == "probe") {
      const auto address = dns::Address::parse(first);
      std::uint16_t port = 0;
      const auto end = std::from_chars(second.data(), second.data() + second.size(), port);
      if (!address || end.ec != std::errc() || port == 0) return damaged();
      restored.probes.push_back({first, *address, port});
      continue;
    }
    std::int64_t begun = 0, ended = 0;
    const auto read = [](const std::string& word, std::int64_t& number) {
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
      return error == std::errc() && end == word.data() + word.size();
    };
    if (kind != "span" || rest.empty() || !read(first, begun) || (second != "-" && !read(second, ended))) return damaged();
    const auto tab = rest.find('\t');
    Span span{rest.substr(0, tab), tab == rest.npos ? "" : rest.substr(tab + 1), from_milliseconds(begun, now, wall)};
    if (second != "-") span.ended = std::max(span.begun, from_milliseconds(ended, now, wall));
    restored.spans.spans_.push_back(std::move(span));
    if (restored.spans.spans_.size() > kMost) return damaged();
  }
  std::sort(restored.spans.spans_.begin(), restored.spans.spans_.end(), [](const Span& a, const Span& b) { return a.begun < b.begun; });
  return restored;
}

}  // namespace mxpress::mta::delivery
