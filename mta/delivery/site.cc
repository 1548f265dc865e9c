// Windows and backoffs of a site.
#include "mta/delivery/site.h"

#include <algorithm>

namespace mxpress::mta::delivery {

void Site::restore(std::uint32_t failures, Instant next_probe, std::optional<proto::HostResult> last) {
  if (!has_answered && !backoff.active()) backoff.restore(failures, next_probe, std::move(last));
}

bool Site::has_room(std::size_t limit, std::uint32_t held) const {
  if (held == 0) return active < limit;
  const std::size_t for_others = limit > kFewSessions ? limit / 5 : 0;
  return active < std::min<std::size_t>(window, limit - for_others);
}

void Site::succeeded(std::size_t limit, Duration took) {
  has_answered = true;
  suspicion.clear();
  proven = took <= kGoodTime;
  slow = !proven;
  if (backoff.active()) {
    backoff.over();
    window = 1;
  }
  window = static_cast<std::uint32_t>(std::min<std::size_t>(window + 1, limit));
}

}  // namespace mxpress::mta::delivery
