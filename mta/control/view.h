// Messages as `mxpress` shows them: from the spool, with the schedule's data about the sites that they wait for.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "mta/control/backend.h"
#include "mta/control/messages.h"
#include "proto/domain.h"
#include "proto/text_hash.h"

namespace mxpress::queue {
struct Attempt;
}

namespace mxpress::mta::control {

class ControlView {
 public:
  // The query to the workers: all destinations once, or for each message only its own.
  enum class Scope { whole_queue, each_message };
  // operators see every host's reply to any message; the owner of a message only replies to that message.
  enum class Reader { operators, owner };
  ControlView(ControlBackend& backend, WallTime now, Scope scope, Reader reader)
      : backend_(backend), now_(now), scope_(scope), reader_(reader) {}

  // A message that waits for a site in backoff has no attempt of its own: it shows the site's last result and next probe.
  Result<queue::Message> load(queue::QueueId id);
  // Frees the workers' rows, which take much memory; load() asks for them again if needed. Returns their number.
  std::size_t forget();
  // The same, if they were requested for one message only.
  void forget_message() {
    if (scope_ == Scope::each_message) forget();
  }
  // Adds to a recipient of the last loaded message what its last reply means, and the host of its current attempt.
  void complete(control_pb::RecipientInfo& info, const queue::Message& message, std::size_t recipient);
  void complete(control_pb::AttemptInfo& info, const queue::Attempt& attempt);

 private:
  const delivery::DestinationStatus* destination_of(const queue::Message& message, std::size_t recipient);
  void ask(queue::QueueId id);
  static queue::Message with_reason(queue::Message message);

  ControlBackend& backend_;
  const WallTime now_;
  const Scope scope_;
  const Reader reader_;
  std::optional<bool> is_running_;
  std::optional<queue::QueueId> asked_for_;  // the message, or the first one that needed the data
  std::unordered_map<std::string, delivery::DestinationStatus, proto::TextHash> destinations_;  // by name
};

}  // namespace mxpress::mta::control
