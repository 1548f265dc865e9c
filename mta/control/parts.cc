// Splits a message into parts for the control socket, and joins them.
#include "mta/control/parts.h"

#include <algorithm>
#include <utility>

#include "mta/control/describe.h"
#include "proto/control.pb.h"

namespace mxpress::mta::control {
namespace {

// False: there is no room for more.
bool take_room(std::size_t& room, std::size_t octets) {
  room -= std::min(room, octets);
  return room > 0;
}

}  // namespace

control_pb::Response MessageParts::next(const queue::Message& message) {
  control_pb::Response response;
  control_pb::MessageInfo& info = *response.mutable_message();
  if (!std::exchange(has_begun_, true)) info = describe_head(message, now_);
  std::size_t room = kMostOfPart;
  done_ = add_recipients(info, room, message) && (attempts_ == Attempts::left_out || add_attempts(response, room, message));
  response.set_more_follows(!done_);
  return response;
}

bool MessageParts::add_recipients(control_pb::MessageInfo& info, std::size_t& room, const queue::Message& message) {
  while (recipient_ < message.envelope.recipients.size()) {
    control_pb::RecipientInfo& recipient = *info.add_recipient();
    describe_recipient(recipient, message, recipient_);
    complete_(recipient, message, recipient_);
    ++recipient_;
    if (!take_room(room, recipient.ByteSizeLong())) return false;
  }
  return true;
}

bool MessageParts::add_attempts(control_pb::Response& response, std::size_t& room, const queue::Message& message) {
  find_attempt(message);
  for (; attempt_ < message.attempts.size(); ++attempt_) {
    const queue::Attempt& attempt = message.attempts[attempt_];
    control_pb::AttemptInfo& info = *response.mutable_message()->add_attempt();
    if (attempt_time_) {
      response.set_goes_on_with_attempt(true);
    } else {
      describe_attempt(info, attempt);
      if (complete_attempt_) complete_attempt_(info, attempt);
      attempt_time_ = attempt.time;
      attempt_recipient_ = 0;
      take_room(room, info.ByteSizeLong());
    }
    if (!add_attempt_recipients(info, room, message)) return false;
    attempt_time_.reset();
  }
  return true;
}

bool MessageParts::add_attempt_recipients(control_pb::AttemptInfo& info, std::size_t& room, const queue::Message& message) {
  const auto& recipients = message.attempts[attempt_].recipients;
  for (; attempt_recipient_ < recipients.size(); ++attempt_recipient_) {
    if (room == 0) return false;
    const int before = info.recipient_size();
    add_recipient(info, message, recipients[attempt_recipient_]);
    if (info.recipient_size() > before) take_room(room, info.recipient(before).size() + 4);
  }
  return true;
}

// Only the latest attempts are kept: the current one may have moved to the front, or be gone.
void MessageParts::find_attempt(const queue::Message& message) {
  if (!attempt_time_) return;
  const auto& attempts = message.attempts;
  if (attempt_ < attempts.size() && attempts[attempt_].time == *attempt_time_) return;
  const auto found = std::find_if(attempts.begin(), attempts.end(), [this](const auto& attempt) { return attempt.time >= *attempt_time_; });
  attempt_ = static_cast<std::size_t>(found - attempts.begin());
  if (found == attempts.end() || found->time != *attempt_time_) attempt_time_.reset();
}

bool join_parts(control_pb::MessageInfo& message, control_pb::Response part) {
  control_pb::MessageInfo& more = *part.mutable_message();
  if (part.goes_on_with_attempt() && more.attempt_size() > 0 && message.attempt_size() > 0) {
    message.mutable_attempt(message.attempt_size() - 1)->MergeFrom(more.attempt(0));
    more.mutable_attempt()->DeleteSubrange(0, 1);
  }
  message.MergeFrom(more);
  return !part.more_follows();
}

}  // namespace mxpress::mta::control
