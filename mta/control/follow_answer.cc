// Passes on what a follower gets.
#include "mta/control/follow_answer.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mta/config/config.h"
#include "mta/control/backend.h"
#include "mta/control/dialogue_answer.h"
#include "mta/control/ending.h"
#include "mta/control/visible_messages.h"
#include "mta/events/followers.h"
#include "proto/ascii.h"
#include "proto/control.pb.h"
#include "proto/domain.h"
#include "proto/printable.h"
#include "queue/changes.h"
#include "queue/message.h"

namespace mxpress::mta::control {
namespace {

using events::Followed;
using events::Follower;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{500};  // whether the client has gone
constexpr std::chrono::seconds kAlive{20};       // less than the patience of the client
constexpr std::size_t kMostRetried = 500;        // messages

// "user@example.org", "@example.org", "example.org" or a queue id. Nullopt: none of them.
std::optional<events::Wanted> parse(const std::string& what) {
  events::Wanted wanted;
  if (what.empty()) return wanted;
  wanted.message = proto::QueueId::parse(what);
  if (wanted.message) return wanted;
  const std::size_t at = what.rfind('@');
  const std::string domain = at == what.npos ? what : what.substr(at + 1);
  const auto parsed = proto::Domain::parse(domain);
  if (!parsed) return std::nullopt;
  if (at == what.npos || at == 0)
    wanted.domain = proto::lower_case(parsed->text());
  else
    wanted.address = proto::lower_case(what.substr(0, at + 1) + parsed->text());
  return wanted;
}

std::string_view word_of(events::Disposition disposition) { return events::to_string(disposition); }

control_pb::EventInfo info_of(const Followed& followed) {
  control_pb::EventInfo info;
  info.set_time_ms(followed.time.time_since_epoch().count());
  if (followed.message) info.set_id(followed.message->to_string());
  switch (followed.kind) {
    case Followed::Kind::event:
      info.set_kind(control_pb::EventInfo::EVENT);
      break;
    case Followed::Kind::host:
      info.set_kind(control_pb::EventInfo::HOST);
      break;
    case Followed::Kind::line:
      info.set_kind(control_pb::EventInfo::LINE);
      *info.mutable_line() = line_info(proto::DialogueLine{followed.from, followed.text, followed.at});
      return info;
    case Followed::Kind::end:
      info.set_kind(control_pb::EventInfo::END);
      info.set_outcome(std::string(word_of(followed.disposition)));
      break;
  }
  info.set_text(followed.text);
  return info;
}

// One follower and its client.
class Following {
 public:
  Following(const ControlPeer& peer, ControlBackend& backend, ControlOutlet& outlet) : peer_(peer), backend_(backend), outlet_(outlet) {}
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;
  ~Following() {
    if (follower_) backend_.followers()->leave(follower_);
  }

  // False: it sent an End.
  bool begin(const std::string& what, std::optional<std::int64_t> uid, Follower::Kind kind) {
    if (!backend_.followers()) return refuse(control_pb::End::FAILED, "no daemon runs, so that nothing happens"), false;
    auto wanted = parse(what);
    if (!wanted || (what.empty() && kind == Follower::Kind::debugger))
      return refuse(control_pb::End::MALFORMED, proto::printable(what, 100) + " is no address, domain or queue id"), false;
    if (!peer_.may_do_everything && uid && *uid != std::int64_t{peer_.uid})
      return refuse(control_pb::End::REFUSED, "only root and members of the group " + backend_.config()->user + " may see mail of others"),
             false;
    if (!peer_.may_do_everything) uid = std::int64_t{peer_.uid};
    wanted->uid = uid.value_or(-1);
    auto follower = backend_.followers()->follow(std::move(*wanted), kind, peer_.may_do_everything ? -1 : std::int64_t{peer_.uid});
    if (!follower) return refuse(control_pb::End::REFUSED, follower.error().message), false;
    follower_ = std::move(*follower);
    uid_ = uid;
    return true;
  }

  // Until the client goes, the end of a debugger's attempt, or this time.
  void run(std::optional<Steady::time_point> until) {
    Steady::time_point sent = Steady::now();
    while (outlet_.rest()) {
      const auto followed = follower_->next(kLook);
      if (followed && may_see(*followed)) {
        if (!send(info_of(*followed))) return;
        sent = Steady::now();
        if (followed->kind == Followed::Kind::end) return send_end(outlet_, control_pb::End::OK, "", 1);
      }
      if (!tell_lost()) return;
      if (!followed && follower_->has_ended()) return;  // mxpressd stops
      if (until && Steady::now() >= *until) return send_end(outlet_, control_pb::End::UNKNOWN, "no attempt began and ended in this time");
      if (Steady::now() - sent < kAlive) continue;
      if (!send({})) return;
      sent = Steady::now();
    }
  }

 private:
  void refuse(control_pb::End::Result result, const std::string& text) { send_end(outlet_, result, text); }

  // What the follower gets fits the shares of a user, which are no rights.
  bool may_see(const Followed& followed) const {
    if (!uid_) return true;
    return followed.message && backend_.owns(static_cast<uid_t>(*uid_), *followed.message);
  }

  bool tell_lost() {
    const std::uint64_t lost = follower_->take_lost();
    if (lost == 0) return true;
    control_pb::EventInfo info;
    info.set_kind(control_pb::EventInfo::LEFT_OUT);
    info.set_left_out(lost);
    return send(std::move(info));
  }

  bool send(control_pb::EventInfo info) {
    control_pb::Response response;
    response.mutable_event()->Swap(&info);
    return outlet_.send(response);
  }

  const ControlPeer& peer_;
  ControlBackend& backend_;
  ControlOutlet& outlet_;
  std::shared_ptr<Follower> follower_;
  std::optional<std::int64_t> uid_;
};

control_pb::Selector selector_of(const std::string& what) {
  control_pb::Selector selector;
  if (proto::QueueId::parse(what))
    selector.add_id(what);
  else if (const std::size_t at = what.rfind('@'); at != what.npos && at != 0)
    selector.set_recipient(what);
  else
    selector.set_domain(at == 0 ? what.substr(1) : what);
  return selector;
}

// The Error is for the client.
Status retry(const std::string& what, ControlBackend& backend, VisibleMessages& visible) {
  std::vector<queue::QueueId> ids;
  (void)visible.for_each(selector_of(what), VisibleMessages::Which::waiting, [&](const queue::Message& message) {
    ids.push_back(message.id);
    return ids.size() < kMostRetried;
  });
  if (ids.empty()) return Error::permanent("no mail waits for " + proto::printable(what, 100));
  const auto effects = backend.act(queue::ActionKind::retry, std::move(ids));
  return effects ? Status() : Status(effects.error());
}

}  // namespace

void answer_tail(const control_pb::Request_Tail& asked, const ControlPeer& peer, ControlBackend& backend, ControlOutlet& outlet) {
  Following following(peer, backend, outlet);
  const auto uid = asked.has_uid() ? std::optional(asked.uid()) : std::nullopt;
  if (following.begin(asked.what(), uid, Follower::Kind::tail)) following.run(std::nullopt);
}

void answer_debug(const control_pb::Request_Debug& asked, const ControlPeer& peer, ControlBackend& backend, ControlOutlet& outlet,
                  VisibleMessages& visible) {
  if (asked.retry() && !peer.may_do_everything)
    return send_end(outlet, control_pb::End::REFUSED, "only root and members of the group " + backend.config()->user + " may use --retry");
  Following following(peer, backend, outlet);
  if (!following.begin(asked.what(), std::nullopt, Follower::Kind::debugger)) return;
  if (const Status retried = asked.retry() ? retry(asked.what(), backend, visible) : Status(); !retried)
    return send_end(outlet, retried.error().is_transient() ? control_pb::End::FAILED : control_pb::End::UNKNOWN, retried.error().message);
  const auto wait = std::chrono::milliseconds(asked.wait_ms());
  following.run(wait.count() > 0 ? std::optional(Steady::now() + wait) : std::nullopt);
}

}  // namespace mxpress::mta::control
