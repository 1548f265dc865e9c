// Checks if there is room for the delivery of a job: memory for its recipients, and space for log lines about its outcome.
#pragma once

#include <cstdint>

#include "mta/delivery/forward.h"
#include "mta/delivery/load_budget.h"

namespace mxpress::mta::delivery {

// A delivery may take an hour. The total memory of deliveries to many recipients is limited; the other deliveries are limited by number.
// Thread: the worker's.
class DeliveryRoom {
 public:
  DeliveryRoom(queue::Schedule& schedule, queue::MessageStore& spool, Loads& loads) : schedule_(schedule), spool_(spool), loads_(loads) {}

  // A check with the data known before the message is read.
  bool has_some(queue::JobIndex job) const;
  // Outcomes are logged, so mail of an owner with too many unwritten lines waits; mail of others goes on.
  bool has_log_room(queue::JobIndex job) const;
  // Charges the delivery of the message. False: it may not begin now.
  bool take(queue::JobIndex job, const queue::Message& message, LoadBudget::Charge& charge);

 private:
  fairness::Owner owner_of(queue::JobIndex job) const;

  queue::Schedule& schedule_;
  queue::MessageStore& spool_;
  Loads& loads_;
};

}  // namespace mxpress::mta::delivery
