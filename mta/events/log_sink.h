// Logs events.
#pragma once

#include <functional>

#include "mta/events/hub.h"

namespace mxpress::mta {
class LogLine;
}

namespace mxpress::mta::events {

class LogSink final : public Sink {
 public:
  std::string_view name() const override { return "log"; }
  void take(const Event& event) override;
  // Lines lost because the writer was too slow.
  std::uint64_t dropped() const override;
};

// The lines that the log has of the event, in the order of its recipients. Counts for no limit of the log.
void for_each_log_line(const Event& event, const std::function<void(const LogLine& line)>& use);

}  // namespace mxpress::mta::events
