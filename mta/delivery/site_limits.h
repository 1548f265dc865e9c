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
    fairness::FileTurns* files;  // null: the disk is read at once
  };
  // `serve`: called when a waiting site may continue.
  SiteLimits(std::size_t worker, Parts parts, std::function<void(SiteIndex)> serve);
  SiteLimits(const SiteLimits&) = delete;
  SiteLimits& operator=(const SiteLimits&) = delete;
  ~SiteLimits();

  // Reserves the rate limit for the next delivery at a site with a limit; `hold` stays null if nothing is counted any more. False: the mail
  // waits, and the site is served again as soon as it may continue.
  bool take(SiteIndex site, std::unique_ptr<rates::Hold>& hold);
  // Selects the recipients that are due first, up to the number that the limit allows this owner now; the others wait.
  Task<void> cut(rates::Hold& hold, SiteIndex site, const fairness::Owner& owner, const queue::Message& message,
                 std::vector<std::uint32_t>& recipients, std::size_t per_transaction);

  // The reason, in words, why mail for this site waits for its limit, and until when, if known. nullopt: it does not wait.
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

// The time when the first recipient is due that is pending at the destination and missing in the report; nullopt: there is none.
std::optional<WallTime> left_out_due(const queue::Message& message, const std::vector<std::uint32_t>& pending, const AttemptReport& report);

}  // namespace mxpress::mta::delivery
