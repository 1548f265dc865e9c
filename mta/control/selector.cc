// The selector language of the mxpress command, applied to messages.
#include "mta/control/selector.h"

#include <algorithm>
#include <utility>

#include "mta/control/describe.h"
#include "mta/routing/aliases.h"
#include "proto/control.pb.h"
#include "proto/printable.h"

namespace mxpress::mta::control {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

// In lower case, without needless quotes, and with the domain in one form.
std::string canonical(std::string_view address) {
  const auto mailbox = proto::Mailbox::parse(address);
  return lower(mailbox ? mailbox->to_string() : std::string(address));
}

std::string not_a(std::string_view value, std::string_view what) {
  return "\"" + proto::printable(value, 100) + "\" is not " + std::string(what);
}

std::string_view name_of(control_pb::Selector::State state) {
  switch (state) {
    case control_pb::Selector::ACTIVE:
      return "active";
    case control_pb::Selector::DEFERRED:
      return "deferred";
    case control_pb::Selector::HELD:
      return "held";
    default:
      return "";
  }
}

}  // namespace

std::string selector_mistake(const control_pb::Selector& selector) {
  for (const std::string& id : selector.id())
    if (!proto::QueueId::parse(id)) return not_a(id, "a queue id (13 letters and digits, as `mxpress queue --messages` shows them)");
  if (!selector.domain().empty() && !proto::Domain::parse(selector.domain())) return not_a(selector.domain(), "a domain");
  if (!selector.sender().empty() && selector.sender() != "<>" && !proto::Mailbox::parse(selector.sender()))
    return not_a(selector.sender(), "an address (or <> for notices)");
  if (!selector.recipient().empty() && !proto::Mailbox::parse(selector.recipient())) return not_a(selector.recipient(), "an address");
  if (selector.older_ms() < 0) return "--older must not be negative";
  const bool any = selector.all() || selector.id_size() != 0 || !selector.domain().empty() || !selector.sender().empty() ||
                   !selector.recipient().empty() || selector.has_uid() || selector.older_ms() != 0 ||
                   selector.state() != control_pb::Selector::ANY;
  return any ? "" : "say which messages: ids, --domain, --sender, --recipient, --uid, --older, --state or --all";
}

Conditions::Conditions(const control_pb::Selector& selector)
    : sender_(selector.sender() == "<>" ? selector.sender() : canonical(selector.sender())),
      recipient_(canonical(selector.recipient())),
      older_(selector.older_ms()),
      state_(name_of(selector.state())) {
  if (selector.has_uid()) uid_ = selector.uid();
  if (auto domain = proto::Domain::parse(selector.domain())) domain_ = std::move(*domain);
}

bool Conditions::hold_for(const queue::Message& message, WallTime now, Recipients recipients) const {
  if (uid_ && message.envelope.submitter.sending_user() != *uid_) return false;
  if (!sender_.empty() && !has_sender(message.envelope)) return false;
  if (has_recipient() && !has_recipient(message, recipients)) return false;
  if (older_ != Duration(0) && now - message.envelope.submitted < older_) return false;
  return state_.empty() || state_of(message, now) == state_;
}

bool Conditions::has_sender(const proto::Envelope& envelope) const {
  return envelope.reverse_path.is_null() ? sender_ == "<>" : lower(envelope.reverse_path.to_string()) == sender_;
}

// One recipient must fulfil both conditions.
bool Conditions::has_recipient(const queue::Message& message, Recipients recipients) const {
  for (std::size_t i = 0; i < message.envelope.recipients.size(); ++i) {
    const bool waits = i >= message.recipients.size() || message.recipients[i].stage == queue::RecipientStage::pending;
    if ((waits || recipients == Recipients::all) && names(message.envelope.recipients[i])) return true;
  }
  return false;
}

bool Conditions::names(const proto::Recipient& recipient) const {
  const bool is_there = !domain_ || *domain_ == recipient.mailbox.domain();
  if (is_there && (recipient_.empty() || lower(recipient.mailbox.to_string()) == recipient_)) return true;
  return !recipient.original_recipient.empty() && name({}, routing::original_address(recipient));
}

bool Conditions::name(std::string_view address, std::string_view original) const {
  const auto is_named = [this](std::string_view text) {
    const auto mailbox = proto::Mailbox::parse(text);
    if (!mailbox || (domain_ && *domain_ != mailbox->domain())) return false;
    return recipient_.empty() || lower(mailbox->to_string()) == recipient_;
  };
  return is_named(address) || is_named(original);
}

bool matches(const control_pb::Selector& selector, const queue::Message& message, WallTime now) {
  if (selector.id_size() != 0 && std::none_of(selector.id().begin(), selector.id().end(),
                                              [&](const std::string& id) { return proto::QueueId::parse(id) == message.id; }))
    return false;
  return Conditions(selector).hold_for(message, now, Conditions::Recipients::waiting);
}

}  // namespace mxpress::mta::control
