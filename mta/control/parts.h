// One message as responses of bounded size: a message may have 10,000 recipients and 50 attempts for all of them.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "mta/control/messages.h"
#include "queue/message.h"

namespace mxpress::mta::control {

inline constexpr std::size_t kMostOfPart = 64 * 1024;  // octets of one response, about

// Remembers how far the message has been told, not the message: the caller may let it go between two parts, and load it again.
class MessageParts {
 public:
  enum class Attempts { told, left_out };
  // Completes what is told of the recipient with this index.
  using Complete = std::function<void(control_pb::RecipientInfo& info, const queue::Message& message, std::size_t recipient)>;

  MessageParts(Attempts attempts, WallTime now, Complete complete) : attempts_(attempts), now_(now), complete_(std::move(complete)) {}
  // `message` is the same message each time. An attempt that ends between two parts may be told or not.
  control_pb::Response next(const queue::Message& message);
  // Everything has been told.
  bool done() const { return done_; }

 private:
  bool add_recipients(control_pb::MessageInfo& info, std::size_t& room, const queue::Message& message);
  bool add_attempts(control_pb::Response& response, std::size_t& room, const queue::Message& message);
  bool add_attempt_recipients(control_pb::AttemptInfo& info, std::size_t& room, const queue::Message& message);
  void find_attempt(const queue::Message& message);

  const Attempts attempts_;
  const WallTime now_;
  const Complete complete_;
  bool has_begun_ = false, done_ = false;
  std::size_t recipient_ = 0;             // next
  std::size_t attempt_ = 0;               // next...
  std::size_t attempt_recipient_ = 0;     // ...and of it; if it has been begun,
  std::optional<WallTime> attempt_time_;  // at this time
};

// Puts a part behind what was told before. True: the message is complete.
bool join_parts(control_pb::MessageInfo& message, control_pb::Response part);

}  // namespace mxpress::mta::control
