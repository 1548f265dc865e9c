// All limits on messages in memory while the daemon delivers, concludes and notifies: shared by the workers and the notices.
#pragma once

#include "mta/delivery/large_checks.h"
#include "mta/delivery/load_budget.h"
#include "mta/delivery/shared_messages.h"

namespace mxpress::mta::delivery {

struct Loads {
  // `files`: null: the disk is read at once.
  Loads(queue::MessageStore& spool, fairness::FileTurns* files) : large_checks(files), shared(spool, files, under_way, large_checks) {}

  static constexpr std::uint64_t kUnderWay = 16u << 20;        // octets
  static constexpr std::uint64_t kLongDeliveries = 56u << 20;  // octets; for jobs of more than transport::kManyRecipients
  static constexpr std::uint64_t kRecipient = 2048;            // approximate octets of one in memory: address, state, result

  LoadBudget under_way{kUnderWay};              // from the read of a message until its outcome, or the notice, is given to the spool
  LoadBudget long_deliveries{kLongDeliveries};  // envelopes of deliveries to many recipients, until their end
  LargeChecks large_checks;
  SharedMessages shared;  // last: it uses the others
};

}  // namespace mxpress::mta::delivery
