// Counts the lines of peers.
#include "mta/system/log_limit.h"

#include <mutex>

namespace mxpress::mta {

PeerLines::Window& PeerLines::window_of(const fairness::Owner& peer) {
  const auto known = of_peer_.find(peer);
  if (known != of_peer_.end()) return known->second;
  return of_peer_.size() < limits_.peers ? of_peer_[peer] : others_;
}

// A window that has ended is reported by ended(); until then its peer gets no new one.
bool PeerLines::allow(const fairness::Owner& peer, std::string_view event, BootTime now) {
  Window& window = window_of(peer);
  if (window.count == 0) window.begin = now;
  if (window.count < limits_.lines) {
    ++window.count;
    return true;
  }
  const auto known = window.repetitions.find(event);
  if (known != window.repetitions.end()) {
    ++known->second;
  } else {
    window.repetitions.emplace(event, 1);
  }
  return false;
}

void PeerLines::tell(const Window& window, const std::string& peer, BootTime now, std::vector<LogLine>& lines) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - window.begin).count();
  for (const auto& [event, count] : window.repetitions) {
    lines.push_back(LogLine(Priority::notice, "repeated")
                        .add("event", event)
                        .add("by", peer)
                        .add("count", static_cast<std::int64_t>(count))
                        .add("seconds", seconds));
  }
}

std::vector<LogLine> PeerLines::ended(BootTime now) {
  std::vector<LogLine> lines;
  const auto has_ended = [&](const Window& window) { return window.count > 0 && now - window.begin >= limits_.window; };
  for (auto place = of_peer_.begin(); place != of_peer_.end();) {
    if (!has_ended(place->second)) {
      ++place;
      continue;
    }
    tell(place->second, place->first.to_string(), now, lines);
    place = of_peer_.erase(place);
  }
  if (has_ended(others_)) {
    tell(others_, "others", now, lines);
    others_ = {};
  }
  return lines;
}

std::vector<LogLine> PeerLines::all(BootTime now) {
  std::vector<LogLine> lines;
  for (const auto& [peer, window] : of_peer_) tell(window, peer.to_string(), now, lines);
  tell(others_, "others", now, lines);
  of_peer_.clear();
  others_ = {};
  return lines;
}

namespace {

struct Common {
  std::mutex mutex;
  PeerLines lines;
};

// Never destroyed: threads may log until the process ends.
Common& common() {
  static Common* common = new Common;
  return *common;
}

std::vector<LogLine> taken(std::vector<LogLine> (PeerLines::*take)(BootTime)) {
  const std::lock_guard lock(common().mutex);
  return (common().lines.*take)(BootClock::now());
}

}  // namespace

bool may_log(const fairness::Owner& peer, std::string_view event) {
  const std::lock_guard lock(common().mutex);
  return common().lines.allow(peer, event, BootClock::now());
}

void log_ended_repeats() {
  for (const LogLine& line : taken(&PeerLines::ended)) log(line);
}

void log_all_repeats() {
  for (const LogLine& line : taken(&PeerLines::all)) log(line);
}

void forget_repeats() {
  const auto ignored = taken(&PeerLines::all);
  static_cast<void>(ignored);
}

}  // namespace mxpress::mta
