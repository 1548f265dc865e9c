// The selector language of the mxpress command, applied to messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mta/control/messages.h"
#include "proto/domain.h"
#include "queue/message.h"

namespace mxpress::mta::control {

// Why a selector makes no sense (malformed id or address, nothing given); empty if it does.
std::string selector_mistake(const control_pb::Selector& selector);

// All conditions of a selector but its ids, read once for many messages. Addresses are compared as mail hosts compare them, but for the
// case of local parts, which does not count.
class Conditions {
 public:
  // Which recipients --domain and --recipient look at.
  enum class Recipients { waiting, all };
  explicit Conditions(const control_pb::Selector& selector);

  bool hold_for(const queue::Message& message, WallTime now, Recipients recipients) const;
  // Whether this recipient fulfils --domain and --recipient; `original`: the address that an alias has replaced, or empty.
  bool name(std::string_view address, std::string_view original) const;
  bool has_recipient() const { return domain_ || !recipient_.empty(); }

 private:
  bool has_sender(const proto::Envelope& envelope) const;
  bool has_recipient(const queue::Message& message, Recipients recipients) const;
  bool names(const proto::Recipient& recipient) const;

  std::optional<proto::Domain> domain_;
  std::optional<std::int64_t> uid_;
  std::string sender_, recipient_;  // in lower case
  Duration older_;
  std::string_view state_;
};

// All of the selector holds for what waits of the message.
bool matches(const control_pb::Selector& selector, const queue::Message& message, WallTime now);

}  // namespace mxpress::mta::control
