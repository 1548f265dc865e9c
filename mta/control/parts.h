// One message as responses of limited size: a message may have 10,000 recipients and 50 attempts for all of them.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "mta/control/messages.h"
#include "queue/message.h"

namespace mxpress::mta::control {

inline constexpr std::size_t kMostOfPart = 64 * 1024;  // approximate octets of one response

// Remembers the position in the message, not the message: the caller may release it between two parts, and load it again.
class MessageParts {
 public:
  enum class Attempts { told, left_out };
  // Completes the response for the recipient with this index.
  using Complete = std::function<void(control_pb::RecipientInfo& info, const queue::Message& message, std::size_t recipient)>;

  using CompleteAttempt = std::function<void(control_pb::AttemptInfo& info, const queue::Attempt& attempt)>;

  // `complete_attempt` may be empty.
  MessageParts(Attempts attempts, WallTime now, Complete complete, CompleteAttempt complete_attempt = {})
      : attempts_(attempts), now_(now), complete_(std::move(complete)), complete_attempt_(std::move(complete_attempt)) {}
  // `message` must be the same message each time. An attempt that ends between two parts may be missing.
  control_pb::Response next(const queue::Message& message);
  // True if all parts have been made.
  bool done() const { return done_; }

 private:
  bool add_recipients(control_pb::MessageInfo& info, std::size_t& room, const queue::Message& message);
  bool add_attempts(control_pb::Response& response, std::size_t& room, const queue::Message& message);
  bool add_attempt_recipients(control_pb::AttemptInfo& info, std::size_t& room, const queue::Message& message);
  void find_attempt(const queue::Message& message);

  const Attempts attempts_;
  const WallTime now_;
  const Complete complete_;
  const CompleteAttempt complete_attempt_;
  bool has_begun_ = false, done_ = false;
  std::size_t recipient_ = 0;             // next
  std::size_t attempt_ = 0;               // next...
  std::size_t attempt_recipient_ = 0;     // ...and of it; if it was begun,
  std::optional<WallTime> attempt_time_;  // at this time
};

// Appends a part to the message. True: the message is complete.
bool join_parts(control_pb::MessageInfo& message, control_pb::Response part);

}  // namespace mxpress::mta::control
