// Messages as `mxpress` shows them: what the spool says, and over it what the schedule knows of the sites that they wait for.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "mta/control/backend.h"
#include "mta/control/messages.h"
#include "proto/domain.h"
#include "proto/text_hash.h"

namespace mxpress::mta::control {

class ControlView {
 public:
  // What is asked of the workers: all destinations once, or for each message those that are its own.
  enum class Scope { whole_queue, each_message };
  // Operators read what a host said to any message; the owner of a message what it said to that one.
  enum class Reader { operators, owner };
  ControlView(ControlBackend& backend, WallTime now, Scope scope, Reader reader)
      : backend_(backend), now_(now), scope_(scope), reader_(reader) {}

  // A message that waits for a site in backoff has no attempt of its own: the site's last result and next probe are its own.
  Result<queue::Message> load(queue::QueueId id);
  // The rows of the workers go, which take much memory; load() asks for them again where it needs them. Returns how many there were.
  std::size_t forget();
  // The same, where they were asked for one message alone.
  void forget_message() {
    if (scope_ == Scope::each_message) forget();
  }
  // Says of a recipient of the message that was loaded last by which host it is being tried.
  void complete(control_pb::RecipientInfo& info, const queue::Message& message, std::size_t recipient);

 private:
  const delivery::DestinationStatus* destination_of(const queue::Message& message, std::size_t recipient);
  void ask(queue::QueueId id);
  static queue::Message with_reason(queue::Message message);

  ControlBackend& backend_;
  const WallTime now_;
  const Scope scope_;
  const Reader reader_;
  std::optional<bool> is_running_;
  std::optional<queue::QueueId> asked_for_;  // the message, or the first one that made it necessary to ask
  std::unordered_map<std::string, delivery::DestinationStatus, proto::TextHash> destinations_;  // by name
};

}  // namespace mxpress::mta::control
