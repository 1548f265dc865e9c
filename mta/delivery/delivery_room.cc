// Reserves memory for deliveries.
#include "mta/delivery/delivery_room.h"

#include <algorithm>

#include "mta/delivery/loads.h"
#include "mta/system/log.h"
#include "mta/transport/transport.h"
#include "queue/message_store.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {
namespace {

// By the job's `room`: 1 for a list of up to twice kManyRecipients, and doubled for each step. One delivery counts for at most a quarter,
// so that those of one owner need not wait for each other.
std::uint64_t octets_of(std::uint8_t room) {
  if (room == 0) return 0;
  return std::min<std::uint64_t>((transport::kManyRecipients << room) * Loads::kRecipient, Loads::kLongDeliveries / 4);
}

}  // namespace

fairness::Owner DeliveryRoom::owner_of(queue::JobIndex index) const { return spool_.share_owner_of(schedule_.job(index).message); }

bool DeliveryRoom::has_some(queue::JobIndex index) const {
  const std::uint8_t room = schedule_.job(index).room;
  if (room > 0 && loads_.long_deliveries.would_wait(octets_of(room), owner_of(index))) return false;
  return has_log_room(index);
}

bool DeliveryRoom::has_log_room(queue::JobIndex index) const {
  const LogRoom& room = log_rooms().outcomes;
  return room.is_calm() || room.has_room(owner_of(index));
}

bool DeliveryRoom::take(queue::JobIndex index, const queue::Message& message, LoadBudget::Charge& charge) {
  queue::Job& job = schedule_.job(index);
  job.room = 0;
  while (job.room < queue::Job::kMostRoom && message.recipients.size() > transport::kManyRecipients << job.room) ++job.room;
  if (job.room == 0) return true;
  auto taken = loads_.long_deliveries.try_acquire(octets_of(job.room), message.envelope.submitter.share_owner());
  if (taken) charge = std::move(*taken);
  return taken.has_value();
}

}  // namespace mxpress::mta::delivery
