// Which alerts are told, and when: at most one for an incident in an hour, and so many in all.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mta/system/log.h"
#include "queue/instant.h"

namespace mxpress::mta {

using queue::Instant;

// Pure. Thread: one. Forgotten at the end of the process.
class AlertDesk {
 public:
  using Fields = std::vector<LogLine::Field>;  // of a line of the log that is announced: "event" is the first
  static constexpr Duration kHour = std::chrono::hours(1);
  static constexpr std::size_t kMostInHour = 20;      // of all incidents; the rest is in the log alone
  static constexpr std::size_t kMostIncidents = 500;  // that are remembered

  // An alert that is to be told now; nothing: later, if its incident lasts until then, or never. The end of an incident whose beginning was
  // not told is not told either.
  std::optional<Fields> take(Fields alert, Instant now);
  // Those whose time has come.
  std::vector<Fields> due(Instant now);
  std::optional<Instant> next() const;

 private:
  struct Incident {
    std::optional<Instant> told{};    // its last beginning that was
    bool is_open = false;             // that was told, and its end was not
    std::optional<Fields> waiting{};  // a beginning
  };
  bool has_room(Instant now);
  void forget_some(Instant now);

  std::map<std::string, Incident> incidents_;
  std::vector<Instant> told_;  // in the last hour
};

}  // namespace mxpress::mta
