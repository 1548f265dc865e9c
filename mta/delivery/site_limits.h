// Rate limits at the sites of a worker: may a delivery begin, and for how many recipients?
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "dns/async.h"
#include "mta/delivery/forward.h"
#include "mta/delivery/site_failure.h"
#include "mta/fairness/owner.h"

namespace mxpress::mta::rates {
class Hold;
class RateLimits;
}  // namespace mxpress::mta::rates

namespace mxpress::mta::delivery {

// Thread: the worker's.
class SiteLimits {
 public:
  struct Parts {
    asio::io_context& io;
    SiteTable& sites;
    Wakes& wakes;
    queue::Schedule& schedule;
    rates::RateLimits* limits;   // null: there are none
    fairness::FileTurns* files;  // null: the disk is asked at once
  };
  // `serve`: a site that waits may go on.
  SiteLimits(std::size_t worker, Parts parts, std::function<void(SiteIndex)> serve);
  SiteLimits(const SiteLimits&) = delete;
  SiteLimits& operator=(const SiteLimits&) = delete;
  ~SiteLimits();

  // Takes what the next delivery at a site with a limit needs; `hold` stays null where nothing is counted any more. False: the mail waits,
  // and the site is served again as soon as it may go on.
  bool take(SiteIndex site, std::unique_ptr<rates::Hold>& hold);
  // The recipients of the message that are due come first, as many of them as the limit has for this owner now; the others wait.
  Task<void> cut(rates::Hold& hold, SiteIndex site, const fairness::Owner& owner, const queue::Message& message,
                 std::vector<std::uint32_t>& recipients, std::size_t per_transaction);

  // Why mail for this site waits for its limit, in words, and until when, if that is known. nullopt: it does not.
  struct Why {
    SiteFailure failure;
    std::optional<Instant> until;
  };
  std::optional<Why> why(SiteIndex site, Instant now) const;

 private:
  std::size_t others_at(SiteIndex site, const fairness::Owner& owner) const;

  const std::size_t worker_;
  const Parts parts_;
};

// When the first recipient is due that is pending at the destination, and that the report says nothing of; nullopt: there is none.
std::optional<WallTime> left_out_due(const queue::Message& message, const std::vector<std::uint32_t>& pending, const AttemptReport& report);

}  // namespace mxpress::mta::delivery
