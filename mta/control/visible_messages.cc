// Selects, loads and sends messages.
#include "mta/control/visible_messages.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "mta/control/backend.h"
#include "mta/control/parts.h"
#include "mta/control/selector.h"
#include "mta/control/view.h"
#include "proto/control.pb.h"
#include "queue/changes.h"

namespace mxpress::mta::control {
namespace {

std::uint64_t cost_of(const queue::Message& message) {
  std::uint64_t items = message.recipients.size();
  for (const queue::Attempt& attempt : message.attempts) items += attempt.hosts.size() + attempt.recipients.size() / 16;
  return 1 + items / 16;
}

control_pb::Response last_part(queue::QueueId id) {
  control_pb::Response response;
  response.mutable_message()->set_id(id.to_string());
  return response;
}

// Asking the workers once for all destinations is faster only if the whole queue is read, and expensive enough to be for operators only.
ControlView::Scope scope_of(const control_pb::Request& request, const ControlPeer& peer) {
  const bool is_all =
      (request.has_list() && request.list().selector().id_size() == 0) || (request.has_act() && request.act().selector().id_size() == 0);
  return is_all && peer.may_do_everything ? ControlView::Scope::whole_queue : ControlView::Scope::each_message;
}

}  // namespace

VisibleMessages::VisibleMessages(const control_pb::Request& request, const ControlPeer& peer, ControlBackend& backend, WallTime now,
                                 ControlOutlet& outlet)
    : peer_(peer),
      backend_(backend),
      now_(now),
      outlet_(outlet),
      view_(std::make_unique<ControlView>(backend, now, scope_of(request, peer),
                                          peer.may_do_everything ? ControlView::Reader::operators : ControlView::Reader::owner)) {}

VisibleMessages::~VisibleMessages() = default;

bool VisibleMessages::may_see(queue::QueueId id) const { return peer_.may_do_everything || backend_.owns(peer_.uid, id); }

bool VisibleMessages::is_own(const queue::Message& message) const {
  const std::int64_t uid = message.envelope.submitter.owner();
  return uid >= 0 && uid == static_cast<std::int64_t>(peer_.uid);
}

Result<queue::Message> VisibleMessages::load(queue::QueueId id) {
  auto message = view_->load(id);
  outlet_.charge(message ? cost_of(*message) : 1);
  if (message && !peer_.may_do_everything && !is_own(*message)) return Error::permanent("there is no message " + id.to_string());
  return message;
}

std::vector<queue::QueueId> VisibleMessages::candidates(const control_pb::Selector& selector) {
  if (selector.id_size() == 0) return peer_.may_do_everything ? backend_.ids() : backend_.ids_of(peer_.uid);
  std::vector<queue::QueueId> ids;
  for (const std::string& id : selector.id())
    if (const auto parsed = proto::QueueId::parse(id)) ids.push_back(*parsed);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  outlet_.charge(ids.size() / kIdsOfUnit);
  std::erase_if(ids, [this](queue::QueueId id) { return !may_see(id); });
  return ids;
}

std::uint64_t VisibleMessages::for_each(const control_pb::Selector& selector, Which which, const std::function<bool(queue::Message)>& use) {
  const auto recipients = which == Which::waiting ? Conditions::Recipients::waiting : Conditions::Recipients::all;
  std::uint64_t matched = 0;
  const Conditions conditions(selector);
  for (const queue::QueueId id : candidates(selector)) {
    if (!may_go_on()) break;
    auto message = load(id);
    if (!message || !conditions.hold_for(*message, now_, recipients)) continue;
    if (which == Which::waiting && queue::is_finished(*message)) continue;
    ++matched;
    if (!use(std::move(*message))) break;
  }
  return matched;
}

bool VisibleMessages::wait_for_client() {
  outlet_.charge(1 + view_->forget() / kRowsOfUnit);
  return outlet_.pause();
}

bool VisibleMessages::may_go_on() {
  view_->forget_message();
  if (outlet_.client_lags()) return wait_for_client();
  return !outlet_.turn_is_over() || outlet_.pause();
}

// While the client does not read, neither the message nor the data of its destinations is kept in memory.
bool VisibleMessages::tell(queue::Message loaded, Attempts attempts) {
  std::optional<queue::Message> message = std::move(loaded);
  const queue::QueueId id = message->id;
  const auto told = attempts == Attempts::told ? MessageParts::Attempts::told : MessageParts::Attempts::left_out;
  const auto recipient_of = [this](control_pb::RecipientInfo& info, const queue::Message& of, std::size_t recipient) {
    view_->complete(info, of, recipient);
  };
  const auto attempt_of = [this](control_pb::AttemptInfo& info, const queue::Attempt& of) { view_->complete(info, of); };
  MessageParts parts(told, now_, recipient_of, attempt_of);
  for (;;) {
    outlet_.charge(1);
    if (!outlet_.send(parts.next(*message))) return false;
    if (parts.done()) return true;
    if (!outlet_.client_lags()) continue;
    message.reset();
    if (!wait_for_client()) return false;
    auto again = load(id);
    if (!again) return outlet_.send(last_part(id));  // it has left the queue
    message = std::move(*again);
  }
}

}  // namespace mxpress::mta::control
