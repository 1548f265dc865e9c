// Counts by the minute.
#include "mta/events/last_hour.h"

#include "mta/system/instant.h"

namespace mxpress::mta::events {
namespace {

std::int64_t minute_of(queue::Instant now) { return std::chrono::floor<std::chrono::minutes>(now.time_since_epoch()).count(); }

}  // namespace

void LastHour::take(const Event& event) {
  const auto* attempted = std::get_if<Attempted>(&event);
  if (!attempted) return;
  HourCounts more;
  for (const RecipientOutcome& recipient : attempted->recipients) {
    const bool is_failed = recipient.disposition == Disposition::failed || recipient.disposition == Disposition::expired;
    more.failed += is_failed;
    more.ended += is_failed || recipient.disposition == Disposition::delivered;
  }
  if (more.ended == 0) return;
  const std::int64_t number = minute_of(system::instant_now());
  auto minutes = minutes_.lock();
  Minute& minute = (*minutes)[static_cast<std::size_t>(number % 60)];
  if (minute.number != number) minute = {number, {}};
  minute.counts.ended += more.ended;
  minute.counts.failed += more.failed;
}

HourCounts LastHour::counts(queue::Instant now) const {
  HourCounts all;
  const std::int64_t number = minute_of(now);
  for (const Minute& minute : *minutes_.lock()) {
    if (minute.number < 0 || number - minute.number >= 60) continue;
    all.ended += minute.counts.ended;
    all.failed += minute.counts.failed;
  }
  return all;
}

}  // namespace mxpress::mta::events
