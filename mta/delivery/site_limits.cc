// Rate limits at the sites of a worker.
#include "mta/delivery/site_limits.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <string>

#include "mta/delivery/site_owner.h"
#include "mta/delivery/site_table.h"
#include "mta/delivery/wakes.h"
#include "mta/fairness/blocking.h"
#include "mta/rates/hold.h"
#include "mta/system/instant.h"
#include "mta/transport/report.h"
#include "mta/transport/session_key.h"
#include "queue/message.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {
namespace {

constexpr std::uint64_t kRecordOctets = 4096;  // approximate
constexpr Duration kClockTime = std::chrono::hours(12);

// "12:03" of this host's clock, with the day if it is not soon.
std::string clock_text(WallTime when, WallTime now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::ceil<std::chrono::seconds>(when));
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[32];
  const char* const format = when - now < std::chrono::minutes(2) ? "%H:%M:%S" : when - now < kClockTime ? "%H:%M" : "%Y-%m-%d %H:%M";
  std::strftime(text, sizeof text, format, &local);
  return text;
}

}  // namespace

SiteLimits::SiteLimits(std::size_t worker, Parts parts, std::function<void(SiteIndex)> serve) : worker_(worker), parts_(parts) {
  if (!parts_.limits) return;
  parts_.limits->when_free(worker_,
                           [&io = parts_.io, serve = std::move(serve)](SiteIndex site) { asio::post(io, [serve, site] { serve(site); }); });
}

SiteLimits::~SiteLimits() {
  if (parts_.limits) parts_.limits->when_free(worker_, nullptr);
}

bool SiteLimits::take(SiteIndex site, std::unique_ptr<rates::Hold>& hold) {
  if (!parts_.limits) return true;
  auto taken = parts_.limits->take(parts_.sites[site].terms->limit, {worker_, site}, instant_now());
  if (taken.wait_until) parts_.wakes.wake_site(site, *taken.wait_until);
  hold = std::move(taken.hold);
  return !taken.wait_until;
}

// The number of other owners with mail there.
std::size_t SiteLimits::others_at(SiteIndex site, const fairness::Owner& owner) const {
  std::size_t others = 0;
  const queue::ReadyLines& ready = parts_.schedule.ready();
  ready.any_line_at(site, kFewOwners, [&](queue::LineIndex line) {
    others += ready.owner(line) != owner;
    return false;
  });
  return others;
}

// If the wall clock was set back no recipient may be due: then all are.
Task<void> SiteLimits::cut(rates::Hold& hold, SiteIndex site, const fairness::Owner& owner, const queue::Message& message,
                           std::vector<std::uint32_t>& recipients, std::size_t per_transaction) {
  const WallTime now = Clock::current().wall();
  const auto is_late = [&](std::uint32_t index) { return message.recipients[index].next_try > now; };
  if (!std::all_of(recipients.begin(), recipients.end(), is_late)) std::erase_if(recipients, is_late);
  const rates::Hold::Wish wish{recipients.size(), std::max<std::size_t>(1, per_transaction), others_at(site, owner)};
  if (hold.needs_record(wish))
    co_await fairness::run_blocking(parts_.files, {owner, kRecordOctets}, [limits = parts_.limits] { return limits->save(), true; });
  recipients.resize(std::min(recipients.size(), hold.extend(wish)));
}

std::optional<SiteLimits::Why> SiteLimits::why(SiteIndex index, Instant now) const {
  if (index == queue::kNone || !parts_.sites[index].is_limited || !parts_.limits) return std::nullopt;
  auto why = parts_.limits->why(parts_.sites[index].terms->limit, now);
  if (!why) return std::nullopt;
  constexpr proto::EnhancedStatus kCongested{4, 4, 5};
  if (why->until) why->text += ", next at " + clock_text(to_wall(*why->until), Clock::current().wall());
  return Why{{proto::HostResult{proto::Stage::none, "", "", "", kCongested, 0, std::move(why->text), false}, {}}, why->until};
}

std::optional<WallTime> left_out_due(const queue::Message& message, const std::vector<std::uint32_t>& pending,
                                     const AttemptReport& report) {
  std::optional<WallTime> due;
  for (const std::uint32_t index : pending) {  // both are in the order of the message
    if (std::binary_search(report.attempt.recipients.begin(), report.attempt.recipients.end(), index)) continue;
    const WallTime next_try = message.recipients[index].next_try;
    due = due ? std::min(*due, next_try) : next_try;
  }
  return due;
}

}  // namespace mxpress::mta::delivery
