// The part of a message that one job uses.
#include "mta/delivery/share.h"

#include "queue/message_store.h"

namespace mxpress::mta::delivery {

void Share::translate(queue::Settlement& settlement) const {
  if (!is_part_) return;
  for (auto& recipient : settlement.attempt.recipients) recipient = places_[recipient];
  for (auto& change : settlement.changes) change.recipient = places_[change.recipient];
}

}  // namespace mxpress::mta::delivery
