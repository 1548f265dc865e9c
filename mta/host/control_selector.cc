// The selector language of the mxpress command, applied to messages.
#include "mta/host/control_selector.h"

#include <algorithm>

#include "mta/host/control_describe.h"
#include "proto/control.pb.h"
#include "proto/printable.h"

namespace mxpress::mta::host {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool same(std::string_view a, std::string_view b) { return lower(a) == lower(b); }

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

bool has_sender(const control_pb::Selector& selector, const proto::Envelope& envelope) {
  if (selector.sender() == "<>") return envelope.reverse_path.is_null();
  return same(envelope.reverse_path.to_string(), selector.sender());
}

// One recipient fulfils both conditions; what is done with already does not count.
bool has_recipient(const control_pb::Selector& selector, const queue::Message& message) {
  const auto domain = proto::Domain::parse(selector.domain());
  for (std::size_t i = 0; i < message.envelope.recipients.size(); ++i) {
    const proto::Mailbox& mailbox = message.envelope.recipients[i].mailbox;
    if (i < message.recipients.size() && message.recipients[i].stage != queue::RecipientStage::pending) continue;
    if (!selector.domain().empty() && !(domain && *domain == mailbox.domain())) continue;
    if (!selector.recipient().empty() && !same(mailbox.to_string(), selector.recipient())) continue;
    return true;
  }
  return false;
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
                   !selector.recipient().empty() || selector.older_ms() != 0 || selector.state() != control_pb::Selector::ANY;
  return any ? "" : "say which messages: ids, --domain, --sender, --recipient, --older, --state or --all";
}

bool matches(const control_pb::Selector& selector, const queue::Message& message, WallTime now) {
  if (selector.id_size() != 0 && std::none_of(selector.id().begin(), selector.id().end(),
                                              [&](const std::string& id) { return proto::QueueId::parse(id) == message.id; }))
    return false;
  if (!selector.sender().empty() && !has_sender(selector, message.envelope)) return false;
  if ((!selector.domain().empty() || !selector.recipient().empty()) && !has_recipient(selector, message)) return false;
  if (selector.older_ms() != 0 && now - message.envelope.submitted < Duration(selector.older_ms())) return false;
  return selector.state() == control_pb::Selector::ANY || state_of(message, now) == name_of(selector.state());
}

}  // namespace mxpress::mta::host
