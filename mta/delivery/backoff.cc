// Start, end and probes of a backoff.
#include "mta/delivery/backoff.h"

#include "mta/system/instant.h"
#include "queue/retry.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {

void Backoff::failed(const proto::HostResult& result, Instant now, const queue::RetryPolicy& policy, std::mt19937_64& random, Pace pace) {
  if (!known_) known_ = std::make_unique<Known>();
  ++known_->failures;
  known_->next_probe =
      now + (pace.wait ? queue::wait_of_at_least(*pace.wait, random) : policy.schedule.wait_after(known_->failures, random));
  known_->is_own_fault = pace.is_own_fault;
  known_->last_time = now;
  if (known_->first_time == Instant(Duration::min())) known_->first_time = now;
  known_->last = result;
}

void Backoff::restore(std::uint32_t failures, Instant next_probe, std::optional<proto::HostResult> last) {
  if (failures == 0) return over();
  known_ = std::make_unique<Known>();
  known_->failures = failures;
  known_->next_probe = next_probe;
  known_->last = last;
}

std::optional<SiteFailure> Backoff::failure() const {
  auto result = last();
  if (!result) return std::nullopt;
  const bool is_dated = known_->first_time != Instant(Duration::min());
  return SiteFailure{std::move(*result), is_dated ? std::optional(system::to_wall(known_->first_time)) : std::nullopt,
                     known_->is_own_fault};
}

Instant Backoff::probe_time(bool is_fresh) const {
  if (!is_fresh || is_own_fault() || last_time() == Instant(Duration::min())) return next_probe();
  return std::min(next_probe(), last_time() + kFreshProbe);
}

}  // namespace mxpress::mta::delivery
