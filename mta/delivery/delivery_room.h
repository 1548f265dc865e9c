// Whether there is room for the delivery of a job: for its recipients in memory, and for lines about its outcome.
#pragma once

#include <cstdint>

#include "mta/delivery/forward.h"
#include "mta/delivery/load_budget.h"

namespace mxpress::mta::delivery {

// A delivery may take an hour. The memory that deliveries to many recipients hold is bounded in all; the others are bounded by their
// number. Thread: the worker's.
class DeliveryRoom {
 public:
  DeliveryRoom(queue::Schedule& schedule, queue::MessageStore& spool, Loads& loads) : schedule_(schedule), spool_(spool), loads_(loads) {}

  // As far as is known before the message is read.
  bool has_some(queue::JobIndex job) const;
  // Outcomes are logged, so mail of an owner who has too many lines waiting gets none; mail of others goes on.
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
