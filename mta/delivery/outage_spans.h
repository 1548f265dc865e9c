// When this host could not send, for the lifetimes of mail: kept over restarts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/target.h"
#include "proto/result.h"
#include "queue/instant.h"

namespace mxpress::mta::delivery {

using queue::Instant;

// The way that could not be used: direct delivery, or a route by its source ("[route.office]"). What direct delivery asks the DNS has spans
// of its own, which count for it.
inline constexpr std::string_view kDirectWay = "direct";
inline constexpr std::string_view kDirectLookups = "direct:lookups";

// Pure. Thread: one.
class OutageSpans {
 public:
  static constexpr std::size_t kMost = 32;       // spans; of more the oldest are forgotten
  static constexpr std::size_t kMostProbes = 8;  // addresses in the file

  void begin(std::string_view way, std::string_view reason, Instant now);
  void end(std::string_view way, Instant now);
  bool lasts(std::string_view way) const;
  struct Span {
    std::string way, reason;
    Instant begun{};
    std::optional<Instant> ended{};
  };
  // The one that lasts, of direct delivery either.
  const Span* current(std::string_view way) const;
  const std::vector<Span>& all() const { return spans_; }
  bool empty() const { return spans_.empty(); }

  // The part of the time between two moments in which the way could not be used.
  Duration total(std::string_view way, Instant from, Instant to) const;

  // The file: at most 4096 octets. `probes`: whom to ask first after a restart. Moments are kept by the wall clock: a clock that was
  // stepped changes how long the spans seem to be, and so lifetimes, by no more than their bound (RetryPolicy::outage_lifetime).
  std::string text(const std::vector<dns::Target>& probes, Instant now, WallTime wall) const;
  struct Restored;
  // The Error: it is damaged, or another format.
  static Result<Restored> parse(std::string_view text, Instant now, WallTime wall);

 private:
  std::vector<Span> spans_;  // by their beginning
};

struct OutageSpans::Restored {
  OutageSpans spans;
  std::vector<dns::Target> probes;
};

}  // namespace mxpress::mta::delivery
