// The tables of a worker, for tests of its parts: jobs, destinations and sites.
#pragma once

#include <string>
#include <vector>

#include "mta/config/config.h"
#include "mta/delivery/age_policy.h"
#include "mta/delivery/destinations.h"
#include "mta/delivery/ownership.h"
#include "mta/delivery/site_table.h"
#include "mta/transport/session_key.h"
#include "queue/message_store.h"
#include "queue/schedule.h"

namespace mxpress::testing {

using mta::delivery::DestinationIndex;
using mta::delivery::Instant;
using mta::delivery::JobIndex;
using mta::delivery::SessionKey;
using mta::delivery::SiteIndex;

struct WorkerTables {
  explicit WorkerTables(mta::Config settings = {}, std::size_t many = 1000)
      : config(std::move(settings)), destinations(schedule, config, many), sites(destinations) {}

  DestinationIndex destination(const std::string& name) {
    const DestinationIndex index = schedule.destination(name);
    destinations.begin(index);
    return index;
  }
  SiteIndex site(const std::string& host) { return sites.index(SessionKey{{mta::transport::NextHop::Kind::mail_hosts, host + ":25"}, {}}); }
  // A ready job.
  JobIndex job(std::uint64_t message, const std::string& name, Instant accepted = {}) {
    queue::Job job;
    job.message = queue::QueueId{message};
    job.destination = destination(name);
    job.accepted = accepted;
    job.stage = queue::JobStage::ready;
    return schedule.add(job, {});
  }

  mta::CurrentConfig config;
  queue::Schedule schedule{[](queue::QueueId) { return proto::ShareOwner(); }};
  mta::delivery::Destinations destinations;
  mta::delivery::SiteTable sites;
};

// Owns no site.
struct NoSites final : mta::delivery::Ownership {
  std::vector<std::uint64_t> readmitted;
  mta::delivery::SiteClaim claim_site(const std::string&, std::size_t) override { return {}; }
  void leave_site(const std::string&, std::size_t) override {}
  void place_destination(mta::routing::DestinationRef, std::size_t) override {}
  void forget_destination(mta::routing::DestinationRef, std::size_t) override {}
  void move_job(mta::delivery::NewJob) override {}
  void readmit(const queue::Message& message) override { readmitted.push_back(message.id.value); }
};

// Nothing expires, and delay notices are accepted.
inline mta::delivery::AgePolicy::Actions nothing_expires() {
  return {[](const queue::Job&) { return std::optional(mta::fairness::Owner()); }, [](mta::delivery::Conclusion) {},
          [](const queue::Job&, std::optional<mta::delivery::SiteFailure>, Instant) { return true; }};
}

inline proto::HostResult a_failure(const std::string& text = "no answer") {
  return {proto::Stage::connect, "mx.there.example", "192.0.2.1", "", {4, 4, 1}, 0, text, false};
}

}  // namespace mxpress::testing
