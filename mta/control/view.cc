// Lays what the schedule knows over what the spool says.
#include "mta/control/view.h"

#include <utility>

#include "mta/control/describe.h"
#include "mta/delivery/verdict.h"
#include "proto/control.pb.h"

namespace mxpress::mta::control {

using delivery::DestinationStatus;

void ControlView::ask(queue::QueueId id) {
  const bool is_whole = scope_ == Scope::whole_queue;
  if (asked_for_ && (is_whole || *asked_for_ == id)) return;
  asked_for_ = id;
  destinations_.clear();
  if (!is_running_) is_running_ = backend_.status().running;
  if (!*is_running_) return;  // nothing is tried, and nobody waits for a site
  auto rows = is_whole ? backend_.destinations() : backend_.status_of(id);
  if (!rows) return;
  for (DestinationStatus& row : *rows) {
    const std::string name = row.destination;
    destinations_.emplace(name, std::move(row));
  }
}

const DestinationStatus* ControlView::destination_of(queue::QueueId id, const proto::Domain& domain) {
  ask(id);
  const auto found = destinations_.find(domain.text());
  return found == destinations_.end() ? nullptr : &found->second;
}

Result<queue::Message> ControlView::load(queue::QueueId id) {
  auto message = backend_.load(id);
  if (!message || message->ended || message->held) return message;
  for (std::size_t i = 0; i < message->recipients.size() && i < message->envelope.recipients.size(); ++i) {
    queue::RecipientState& state = message->recipients[i];
    if (state.stage != queue::RecipientStage::pending || state.next_try > now_) continue;
    const DestinationStatus* destination = destination_of(id, message->envelope.recipients[i].mailbox.domain());
    if (!destination || !destination->next_probe) continue;
    state.next_try = *destination->next_probe;
    if (!destination->last) continue;
    state.last =
        reader_ == Reader::operators ? *destination->last : delivery::told_to(state, {*destination->last, destination->failing_since});
  }
  return message;
}

void ControlView::complete(control_pb::RecipientInfo& info, const queue::Message& message, std::size_t recipient) {
  if (!asked_for_ || recipient >= message.recipients.size()) return;
  if (message.recipients[recipient].stage != queue::RecipientStage::pending) return;
  const auto found = destinations_.find(message.envelope.recipients[recipient].mailbox.domain().text());
  if (found != destinations_.end()) add_flights(info, message.id, found->second.flights);
}

}  // namespace mxpress::mta::control
