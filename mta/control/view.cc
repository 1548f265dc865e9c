// Combines data of the schedule with messages of the spool.
#include "mta/control/view.h"

#include <utility>

#include "mta/config/config.h"
#include "mta/control/describe.h"
#include "mta/delivery/verdict.h"
#include "mta/routing/destination_name.h"
#include "proto/control.pb.h"

namespace mxpress::mta::control {

using delivery::DestinationStatus;

void ControlView::ask(queue::QueueId id) {
  const bool is_whole = scope_ == Scope::whole_queue;
  if (asked_for_ && (is_whole || *asked_for_ == id)) return;
  asked_for_ = id;
  destinations_.clear();
  if (!is_running_) is_running_ = backend_.status().running;
  if (!*is_running_) return;  // nothing is tried, and nothing waits for a site
  auto rows = is_whole ? backend_.destinations() : backend_.status_of(id);
  if (!rows) return;
  for (DestinationStatus& row : *rows) {
    const std::string name = row.destination;
    destinations_.emplace(name, std::move(row));
  }
}

std::size_t ControlView::forget() {
  const std::size_t rows = destinations_.size();
  destinations_ = {};
  asked_for_.reset();
  return rows;
}

// Only with a daemon.
const DestinationStatus* ControlView::destination_of(const queue::Message& message, std::size_t recipient) {
  if (destinations_.empty()) return nullptr;
  const auto config = backend_.config();
  const routing::RecipientRouting routing(message.envelope, *config);
  const auto name = routing.destination_of(message.envelope.recipients[recipient].mailbox);
  const auto found = destinations_.find(std::string(name.ref().shown()));
  return found == destinations_.end() ? nullptr : &found->second;
}

// For mail held by the configuration, if nothing else is known.
queue::Message ControlView::with_reason(queue::Message message) {
  if (message.envelope.held_because.empty()) return message;
  for (queue::RecipientState& state : message.recipients)
    if (state.stage == queue::RecipientStage::pending && !state.last) {
      state.last = delivery::held_by_configuration(message.envelope.held_because);
      state.last_time = message.envelope.submitted;
    }
  return message;
}

Result<queue::Message> ControlView::load(queue::QueueId id) {
  auto message = backend_.load(id);
  if (!message || message->ended) return message;
  if (message->held) return with_reason(std::move(*message));
  for (std::size_t i = 0; i < message->recipients.size() && i < message->envelope.recipients.size(); ++i) {
    queue::RecipientState& state = message->recipients[i];
    if (state.stage != queue::RecipientStage::pending || state.next_try > now_) continue;
    ask(id);
    const DestinationStatus* destination = destination_of(*message, i);
    if (!destination || !destination->next_probe) continue;
    state.next_try = *destination->next_probe;
    if (!destination->last) continue;
    state.last =
        reader_ == Reader::operators ? *destination->last : delivery::told_to(state, {*destination->last, destination->failing_since});
  }
  return message;
}

void ControlView::complete(control_pb::RecipientInfo& info, const queue::Message& message, std::size_t recipient) {
  explain_by(backend_.config()->replies.get(), info, message, recipient);
  if (!asked_for_ || recipient >= message.recipients.size()) return;
  if (message.recipients[recipient].stage != queue::RecipientStage::pending) return;
  if (const DestinationStatus* destination = destination_of(message, recipient)) add_flights(info, message.id, destination->flights);
}

void ControlView::complete(control_pb::AttemptInfo& info, const queue::Attempt& attempt) {
  explain_families(backend_.config()->replies.get(), info, attempt);
}

}  // namespace mxpress::mta::control
