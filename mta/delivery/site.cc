// Windows and cool-downs of a site.
#include "mta/delivery/site.h"

#include <algorithm>

namespace mxpress::mta::delivery {

void Trouble::failed(const proto::HostResult& result, Instant now, const queue::RetryPolicy& policy, std::mt19937_64& random) {
  if (!known_) known_ = std::make_unique<Known>();
  ++known_->failures;
  known_->next_probe = now + policy.schedule.wait_after(known_->failures, random);
  known_->last_time = now;
  if (known_->first_time == Instant(Duration::min())) known_->first_time = now;
  known_->last = result;
}

void Trouble::restore(std::uint32_t failures, Instant next_probe, std::optional<proto::HostResult> last) {
  if (failures == 0) return over();
  known_ = std::make_unique<Known>();
  known_->failures = failures;
  known_->next_probe = next_probe;
  known_->last = last;
}

std::optional<SiteFailure> Trouble::failure() const {
  auto result = last();
  if (!result) return std::nullopt;
  const bool is_dated = known_->first_time != Instant(Duration::min());
  return SiteFailure{std::move(*result), is_dated ? std::optional(to_wall(known_->first_time)) : std::nullopt};
}

Instant Trouble::probe_time(bool is_fresh) const {
  if (!is_fresh || last_time() == Instant(Duration::min())) return next_probe();
  return std::min(next_probe(), last_time() + kFreshProbe);
}

void Site::restore(std::uint32_t failures, Instant next_probe, std::optional<proto::HostResult> last) {
  if (!has_answered && !trouble.active()) trouble.restore(failures, next_probe, std::move(last));
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
  if (trouble.active()) {
    trouble.over();
    window = 1;
  }
  window = static_cast<std::uint32_t>(std::min<std::size_t>(window + 1, limit));
}

}  // namespace mxpress::mta::delivery
