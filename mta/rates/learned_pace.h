// The part of a rate that the hosts accept, as learned from their refusals.
#pragma once

#include <algorithm>
#include <cstdint>

#include "queue/instant.h"

namespace mxpress::mta::rates {

using queue::Instant;

// Each refusal halves the rate, but those within kSettle count as one: they answer mail that was under way. A 16th of the rate comes back
// every kGrowAfter, so the whole rate two and a half hours after the last refusal at the latest. Not kept over restarts. Pure.
class LearnedPace {
 public:
  static constexpr std::uint64_t kWhole = 16;
  static constexpr Duration kGrowAfter = std::chrono::minutes(10);
  static constexpr Duration kSettle = std::chrono::minutes(1);

  void refused(Instant now) {
    if (parts_ != kWhole && now - since_ < kSettle) return;
    parts_ = std::max<std::uint64_t>(1, parts_at(now) / 2);
    since_ = now;
  }
  bool is_whole(Instant now) const { return parts_at(now) == kWhole; }
  // `count` of the rate in its period; at least 1.
  std::uint64_t of(std::uint64_t count, Instant now) const {
    return std::max<std::uint64_t>(1, count / kWhole * parts_at(now) + count % kWhole * parts_at(now) / kWhole);
  }

 private:
  std::uint64_t parts_at(Instant now) const {
    const auto grown = static_cast<std::uint64_t>(std::max(now - since_, Duration(0)) / kGrowAfter);
    return std::min(kWhole, parts_ + grown);
  }

  std::uint64_t parts_ = kWhole;
  Instant since_{};
};

}  // namespace mxpress::mta::rates
