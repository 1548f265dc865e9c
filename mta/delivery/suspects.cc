// Sets aside messages whose handling crashed the daemon.
#include "mta/delivery/suspects.h"

#include "queue/changes.h"

namespace mxpress::mta::delivery {
namespace {

const proto::EnhancedStatus kSystemFailure{4, 3, 0};

}  // namespace

void SetAside::add(queue::QueueId message) {
  const std::lock_guard lock(mutex_);
  messages_.insert(message);
}

std::size_t SetAside::size() const {
  const std::lock_guard lock(mutex_);
  return messages_.size();
}

std::vector<queue::QueueId> SetAside::acted(queue::ActionKind action, const std::vector<queue::QueueId>& messages) {
  const bool stays = action == queue::ActionKind::hold || action == queue::ActionKind::retry;
  std::vector<queue::QueueId> found;
  const std::lock_guard lock(mutex_);
  if (messages_.empty()) return found;
  for (const queue::QueueId id : messages) {
    if (!messages_.contains(id)) continue;
    found.push_back(id);
    if (!stays) messages_.erase(id);
  }
  return found;
}

queue::Settlement settlement_of(const queue::Message& message, const std::string& death, WallTime now) {
  const std::string text = "mxpressd died more than once while it handled this message" +
                           (death.empty() ? std::string() : ", last of " + death) +
                           "; the message is held, so that other mail goes on. Please report it to the authors of mxpress";
  queue::Settlement settlement;
  settlement.message = message.id;
  settlement.attempt.time = now;
  for (std::uint32_t i = 0; i < message.recipients.size(); ++i) {
    if (message.recipients[i].stage != queue::RecipientStage::pending) continue;
    settlement.attempt.recipients.push_back(i);
    queue::RecipientState state = message.recipients[i];
    state.last = proto::HostResult{proto::Stage::local, "", "", "", kSystemFailure, 0, text, false};
    state.last_time = now;
    settlement.changes.push_back({i, std::move(state)});
  }
  return settlement;
}

}  // namespace mxpress::mta::delivery
