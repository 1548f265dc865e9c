// Assigns sites to workers, and moves jobs to their worker.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "mta/fairness/owner.h"
#include "mta/routing/destination_name.h"
#include "proto/queue_id.h"
#include "queue/instant.h"
#include "queue/site_record.h"

namespace mxpress::queue {
struct Message;
}

namespace mxpress::mta::delivery {

using queue::Instant;

struct Resolved;

// A job on its way to a worker.
struct NewJob {
  proto::QueueId message;
  fairness::Owner owner;  // of the message: its shares are used
  routing::DestinationName destination;
  Instant accepted{};
  Instant next_try{};
  bool held = false;
  bool first_attempt = true;
  bool delay_noticed = false;
  bool is_one_of_many = false;                 // its message has many jobs, here and elsewhere
  bool probe_wanted = false;                   // requested by the operator: now, even during a backoff of its site
  std::string held_because{};                  // see proto::Envelope
  std::shared_ptr<const Resolved> resolved{};  // its destination, if it comes from the worker that looked it up
};

struct SiteClaim {
  std::size_t owner = 0;
  std::optional<queue::SiteRecord> restored{};  // the record of an earlier run; given once, to its first owner
};

// Assigns sites and destinations to workers; implemented by the dispatcher. Any thread.
class Ownership {
 public:
  virtual ~Ownership() = default;
  // The site now belongs to that worker, unless it has an owner. `key`: a SessionKey's text.
  virtual SiteClaim claim_site(const std::string& key, std::size_t worker) = 0;
  // The same for a worker without a place for mail to a site of which nothing is known: it belongs to one that has more of them, if any.
  virtual SiteClaim claim_elsewhere(const std::string& key, std::size_t worker) { return claim_site(key, worker); }
  // That worker has forgotten the site.
  virtual void leave_site(const std::string& key, std::size_t worker) = 0;
  // From now on new jobs of this destination go to that worker.
  virtual void place_destination(routing::DestinationRef destination, std::size_t worker) = 0;
  // That worker has forgotten it: the next job is placed again.
  virtual void forget_destination(routing::DestinationRef destination, std::size_t worker) = 0;
  // Gives a job to the current owner of its destination: another worker.
  virtual void move_job(NewJob job) = 0;
  // Makes jobs for all pending recipients, after a change of the configuration has moved some to other destinations.
  virtual void readmit(const queue::Message& message) = 0;
};

}  // namespace mxpress::mta::delivery
