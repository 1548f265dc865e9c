// Decides which alerts are sent, and when: at most one per incident and hour, and a limited number of each event and in all.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mta/system/log.h"
#include "queue/instant.h"

namespace mxpress::mta {

using queue::Instant;

// Pure. Thread: one. Forgotten at the end of the process.
class AlertDesk {
 public:
  using Fields = std::vector<LogLine::Field>;  // of an announced log line: "event" is the first
  static constexpr Duration kHour = std::chrono::hours(1);
  static constexpr std::size_t kMostInHour = 40;      // for all incidents; further alerts are only logged
  static constexpr std::size_t kMostOfEvent = 5;      // of these; who can cause one event keeps no other from being told
  static constexpr std::size_t kMostIncidents = 500;  // remembered incidents

  // Returns the alert to send now. Nullopt: later, if its incident lasts until then, or never. The end of an incident is not reported if
  // its start was not.
  std::optional<Fields> take(Fields alert, Instant now);
  // Alerts whose time has come.
  std::vector<Fields> due(Instant now);
  std::optional<Instant> next() const;

 private:
  struct Incident {
    Instant told;                     // the last time that its start was sent
    bool is_open = true;              // its end was not sent
    std::optional<Fields> waiting{};  // its start
  };
  bool has_room(const std::string& event, Instant now);
  void forget_some(Instant now);

  std::map<std::string, Incident> incidents_;          // whose start was sent
  std::vector<std::pair<Instant, std::string>> told_;  // in the last hour, with their events
};

}  // namespace mxpress::mta
