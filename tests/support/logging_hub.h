// Events that make log lines and are counted, and that a test may look at.
#pragma once

#include <functional>

#include "mta/events/counters.h"
#include "mta/events/hub.h"
#include "mta/events/log_sink.h"

namespace mxpress::testing {

class LoggingHub {
 public:
  mta::events::Hub& hub() { return hub_; }
  mta::events::Counters counters;
  // Called for each event, after the log, on the emitting thread.
  std::function<void(const mta::events::Event&)> also;
  mta::events::Sink* further = nullptr;  // gets them first, if there is one

 private:
  struct Also final : mta::events::Sink {
    explicit Also(LoggingHub& owner) : hub(owner) {}
    std::string_view name() const override { return "test"; }
    void take(const mta::events::Event& event) override {
      if (hub.further) hub.further->take(event);
      if (hub.also) hub.also(event);
    }
    LoggingHub& hub;
  };

  mta::events::LogSink log_;
  Also also_{*this};
  mta::events::Hub hub_{{&log_, &counters, &also_}};
};

}  // namespace mxpress::testing
