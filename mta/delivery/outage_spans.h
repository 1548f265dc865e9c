// The times when this host could not send, which extend the lifetimes of mail; kept across restarts.
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

// The way that could not be used: direct delivery, or a route by its source ("[route.office]"). DNS lookups for direct delivery have spans
// of their own, which count for it.
inline constexpr std::string_view kDirectWay = "direct";
inline constexpr std::string_view kDirectLookups = "direct:lookups";

// Pure. Thread: one.
class OutageSpans {
 public:
  // Spans; then the shortest that is over is forgotten: a user whose mail makes a route fail for moments pushes no real outage out.
  static constexpr std::size_t kMost = 32;
  static constexpr std::size_t kMostProbes = 8;  // addresses in the file

  void begin(std::string_view way, std::string_view reason, Instant now);
  void end(std::string_view way, Instant now);
  bool lasts(std::string_view way) const;
  struct Span {
    std::string way, reason;
    Instant begun{};
    std::optional<Instant> ended{};
  };
  // The current span of this way, or null. For direct delivery also that of its lookups.
  const Span* current(std::string_view way) const;
  const std::vector<Span>& all() const { return spans_; }
  bool empty() const { return spans_.empty(); }

  // The part of the time between two moments in which the way could not be used.
  Duration total(std::string_view way, Instant from, Instant to) const;

  // The text of the file: at most 4096 octets. `probes`: first targets to probe after a restart. Times are stored by the wall clock: if it
  // is stepped, the spans seem longer or shorter, and so lifetimes, by at most their limit (RetryPolicy::outage_lifetime).
  std::string text(const std::vector<dns::Target>& probes, Instant now, WallTime wall) const;
  struct Restored;
  // Error: it is damaged, or in another format.
  static Result<Restored> parse(std::string_view text, Instant now, WallTime wall);

 private:
  std::vector<Span> spans_;  // by their beginning
};

struct OutageSpans::Restored {
  OutageSpans spans;
  std::vector<dns::Target> probes;
};

}  // namespace mxpress::mta::delivery
