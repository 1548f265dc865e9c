// Counts the recipients of the last hour: delivered, and given up.
#pragma once

#include <array>
#include <cstdint>

#include "mta/events/counters.h"
#include "queue/guarded.h"
#include "queue/instant.h"

namespace mxpress::mta::events {

// Any thread.
class LastHour final : public Sink {
 public:
  std::string_view name() const override { return "last hour"; }
  void take(const Event& event) override;
  // Counts of the 60 minutes before `now`, in whole minutes.
  HourCounts counts(queue::Instant now) const;

 private:
  struct Minute {
    std::int64_t number = -1;  // since boot
    HourCounts counts;
  };
  mutable queue::Guarded<std::array<Minute, 60>> minutes_;
};

}  // namespace mxpress::mta::events
