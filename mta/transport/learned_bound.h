// The number of connections that a mail host accepts, as learned from its refusals.
#pragma once

#include <algorithm>
#include <cstddef>

#include "queue/instant.h"

namespace mxpress::mta::transport {

// When a host refuses a connection while others of ours are open, their number is its bound. The bound grows by one after kGrowAfter, or
// after kSessionsToGrow sessions, and is forgotten kRemember after the last refusal. Pure.
class LearnedBound {
 public:
  static constexpr Duration kGrowAfter = std::chrono::minutes(1);
  static constexpr Duration kRemember = std::chrono::minutes(15);
  static constexpr int kSessionsToGrow = 50;

  // `others`: connections that were open; at least 1.
  LearnedBound(std::size_t others, queue::Instant now) : bound_(others), since_(now), refused_(now) {}

  std::size_t at(queue::Instant now) const { return bound_ + static_cast<std::size_t>(std::max(now - since_, Duration(0)) / kGrowAfter); }
  // The host accepted a connection.
  void took(queue::Instant now) {
    if (++sessions_ < kSessionsToGrow) return;
    *this = LearnedBound(at(now) + 1, now, refused_);
  }
  bool is_forgotten(queue::Instant now) const { return now - refused_ >= kRemember; }

 private:
  LearnedBound(std::size_t bound, queue::Instant since, queue::Instant refused) : bound_(bound), since_(since), refused_(refused) {}

  std::size_t bound_;
  queue::Instant since_;
  queue::Instant refused_;
  int sessions_ = 0;  // since `since_`
};

}  // namespace mxpress::mta::transport
