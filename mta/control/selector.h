// The selector language of the mxpress command, applied to messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mta/control/messages.h"
#include "proto/domain.h"
#include "queue/message.h"

namespace mxpress::mta::control {

// The reason why a selector is wrong (malformed id or address, nothing given); empty if it is valid.
std::string selector_mistake(const control_pb::Selector& selector);

// All conditions of a selector except its ids, parsed once for many messages. Addresses are compared as by mail hosts, but ignoring the
// case of local parts.
class Conditions {
 public:
  // The recipients that --domain and --recipient apply to.
  enum class Recipients { waiting, all };
  explicit Conditions(const control_pb::Selector& selector);

  bool hold_for(const queue::Message& message, WallTime now, Recipients recipients) const;
  // True if this recipient fulfils --domain and --recipient. `original`: the address that an alias has replaced, or empty.
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

// True if all of the selector holds for the waiting part of the message.
bool matches(const control_pb::Selector& selector, const queue::Message& message, WallTime now);

}  // namespace mxpress::mta::control
