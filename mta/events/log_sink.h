// Logs events.
#pragma once

#include "mta/events/hub.h"

namespace mxpress::mta::events {

class LogSink final : public Sink {
 public:
  std::string_view name() const override { return "log"; }
  void take(const Event& event) override;
  // Lines lost because the writer was too slow.
  std::uint64_t dropped() const override;
};

}  // namespace mxpress::mta::events
