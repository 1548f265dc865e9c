// One delivery of a job: from its lease to the report of the transport.
#pragma once

#include <functional>
#include <memory>

#include "dns/async.h"
#include "mta/delivery/forward.h"
#include "mta/delivery/load_budget.h"
#include "mta/delivery/places.h"
#include "mta/delivery/share.h"
#include "mta/system/crash_record.h"
#include "proto/outcome.h"

namespace mxpress::mta::rates {
class Hold;
}
namespace mxpress::mta::transport {
struct Order;
}

namespace mxpress::mta::delivery {

// Thread: the worker's.
class JobRunner {
 public:
  struct Parts {
    asio::io_context& io;
    const transport::Transports& transports;
    const CurrentConfig& config;
    queue::Schedule& schedule;
    Destinations& destinations;
    SiteTable& sites;
    Flights& flights;
    Backoffs& backoffs;
    Turns& turns;
    SiteLimits& limits;
    DeliveryRoom& room;
    JobLoader& loader;
    Leases& leases;
    system::CrashRecord::Region* handled;  // notes the message in progress; null: not noted
    SiteOutages* outages = nullptr;        // gets the results of attempts; null: none does
  };
  struct Actions {
    std::function<void(SiteIndex)> backs_off;  // mail of others may be the next probe
    std::function<void(SiteIndex)> ended;      // a delivery at this site has ended: others may begin
  };
  JobRunner(Parts parts, Actions actions) : parts_(parts), actions_(std::move(actions)) {}

  // Delivers a leased job at this site, for the owner of its message, with its hold on a rate limit, if the site has one. A bug costs this
  // attempt, not the job: it is tried again later.
  void start(JobIndex job, DestinationIndex destination, SiteIndex site, const fairness::Owner& owner, std::unique_ptr<rates::Hold> hold);
  // From now on nothing is handed over; only what is being handed over at the moment has an outcome.
  void stop() { is_stopping_ = true; }
  // Deliveries whose message is on its way to a host, a mailbox or a command.
  std::size_t handing_over() const { return handing_over_; }

 private:
  struct Attempt {
    JobIndex job;
    DestinationIndex destination;
    SiteIndex site;
    Places::Place place;
    std::unique_ptr<rates::Hold> hold;  // null: no limit
    bool hands_over = false;
  };
  Task<void> run(Attempt attempt);
  transport::Order order_for(const Attempt& attempt) const;
  Task<AttemptReport> deliver(Attempt& attempt, const Share& share);
  bool is_busy(const Attempt& attempt, AttemptReport& report);
  Task<Share> load(const Attempt& attempt, LoadBudget::Charge& charge);
  bool is_wanted(JobIndex job) const;
  bool begin_hand_over(Attempt& attempt);
  void finish(const Attempt& attempt, Share share, AttemptReport report, Duration took);
  void wait_for_host(const Attempt& attempt, const proto::HostResult& why);
  void apply_replies(const Attempt& attempt, const queue::Message& message, AttemptReport& report);
  void site_answered(const Attempt& attempt, const AttemptReport& report, Duration took);

  const Parts parts_;
  const Actions actions_;
  std::size_t handing_over_ = 0;
  bool is_stopping_ = false;
};

}  // namespace mxpress::mta::delivery
