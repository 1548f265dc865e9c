// Records all calls and results in the ledger.
#include "tests/sim/observed_spool.h"

namespace mxpress::sim {

void ObservedSpool::store_as(queue::QueueId id, queue::NewMessage message, Stored done) {
  const auto entry = ledger_.submitted(id, message);
  spool_->store_as(id, std::move(message), [this, entry, done = std::move(done)](Result<queue::QueueId> stored) {
    if (stored) {
      ledger_.acknowledged(entry);
    } else {
      ledger_.refused(entry);
    }
    done(std::move(stored));
  });
}

void ObservedSpool::settle(queue::Settlement settlement, std::function<void(Status)> done) {
  ledger_.settling(settlement);
  std::vector<std::pair<std::uint32_t, queue::RecipientStage>> stages;
  for (const auto& change : settlement.changes) stages.push_back({change.recipient, change.state.stage});
  const queue::QueueId id = settlement.message;
  spool_->settle(std::move(settlement), [this, id, stages = std::move(stages), done = std::move(done)](Status status) {
    if (status) {
      for (const auto& [recipient, stage] : stages) ledger_.settled(id, recipient, stage);
      ledger_.doubt_over(id);
    }
    if (done) done(std::move(status));
  });
}

// One action at a time for one message: then an error means that nothing has happened, unless the disk has failed.
void ObservedSpool::act(queue::ActionKind action, std::vector<queue::QueueId> messages, std::function<void(Status)> done) {
  for (const auto id : messages) ledger_.acting(id, action);
  spool_->act(action, messages, [this, action, messages, done = std::move(done)](Status status) {
    for (const auto id : messages) {
      if (status) ledger_.acted(id, action);
      if (status || !status.error().is_transient()) ledger_.doubt_over(id);
    }
    if (done) done(std::move(status));
  });
}

}  // namespace mxpress::sim
