// Answers control requests.
#include "mta/control/service.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "mta/config/config.h"
#include "mta/control/action_answer.h"
#include "mta/control/backend.h"
#include "mta/control/describe.h"
#include "mta/control/dialogue_answer.h"
#include "mta/control/ending.h"
#include "mta/control/follow_answer.h"
#include "mta/control/selector.h"
#include "mta/control/status_answer.h"
#include "mta/control/visible_messages.h"
#include "mta/control/why_answer.h"
#include "mta/system/log.h"
#include "proto/control.pb.h"
#include "queue/changes.h"

namespace mxpress::mta::control {
namespace {

constexpr std::size_t kPiece = 64 * 1024;   // octets of content in one response
constexpr std::uint64_t kRequest = 2;       // units of WorkLimits for any request
constexpr std::uint64_t kFilesOfUnit = 50;  // number of names read from a folder

bool has_condition(const control_pb::Selector& selector) {
  return selector.id_size() != 0 || !selector.domain().empty() || !selector.sender().empty() || !selector.recipient().empty() ||
         selector.older_ms() != 0 || selector.state() != control_pb::Selector::ANY;
}

// The answer to one request of one peer.
class Answer {
 public:
  Answer(const control_pb::Request& request, const ControlPeer& peer, ControlBackend& backend, WallTime now, ControlOutlet& outlet)
      : peer_(peer), backend_(backend), outlet_(outlet), visible_(request, peer, backend, now, outlet) {}

  void to(const control_pb::Request& request) {
    const bool needs_queue = request.has_list() || request.has_show() || request.has_cat() || request.has_act() ||
                             request.has_destinations() || request.has_why() || request.has_debug();
    if (const Status ready = needs_queue ? backend_.ready() : Status(); !ready)
      return send_end(outlet_, control_pb::End::FAILED, ready.error().message);
    if (!outlet_.pause()) return;
    outlet_.charge(kRequest);
    switch (request.what_case()) {
      case control_pb::Request::kList:
        return list(request.list());
      case control_pb::Request::kShow:
        return show(request.show().id());
      case control_pb::Request::kCat:
        return cat(request.cat().id());
      case control_pb::Request::kAct:
        return answer_act(request.act(), peer_, backend_, outlet_, visible_);
      case control_pb::Request::kDestinations:
        return destinations();
      case control_pb::Request::kStatus:
        return answer_status(peer_, backend_, outlet_);
      case control_pb::Request::kReload:
        return reload();
      case control_pb::Request::kAlert:
        return alert(request.alert().reason());
      case control_pb::Request::kWhy:
        return answer_why(request.why(), {peer_, backend_, visible_, now_}, outlet_);
      case control_pb::Request::kDialogue:
        return answer_dialogue(request.dialogue(), peer_, backend_, outlet_);
      case control_pb::Request::kTail:
        return answer_tail(request.tail(), peer_, backend_, outlet_);
      case control_pb::Request::kDebug:
        return answer_debug(request.debug(), peer_, backend_, outlet_, visible_);
      case control_pb::Request::WHAT_NOT_SET:
        break;
    }
    send_end(outlet_, control_pb::End::MALFORMED, "this daemon does not know the request: mxpress and mxpressd are of different versions");
  }

 private:
  void list(const control_pb::Request::List& list) {
    if (const std::string mistake = selector_mistake(list.selector()); !mistake.empty())
      return send_end(outlet_, control_pb::End::MALFORMED, mistake);
    const auto attempts = list.attempts() ? VisibleMessages::Attempts::told : VisibleMessages::Attempts::left_out;
    const bool is_all_that_waits = !has_condition(list.selector()) && list.ended() == 0;
    const std::uint64_t of_others = is_all_that_waits ? count_of_others() : 0;
    control_pb::End last;
    const auto recipients = list.ended() == 0 ? VisibleMessages::Which::waiting : VisibleMessages::Which::all;
    std::vector<queue::QueueId> told_ended;  // their ends are not on the disk yet
    const auto tell_it = [&](queue::Message message) {
      if (queue::is_finished(message)) told_ended.push_back(message.id);
      return visible_.tell(std::move(message), attempts);
    };
    last.set_matched(visible_.for_each(list.selector(), recipients, tell_it));
    if (list.ended() != 0 && list.selector().id_size() == 0) tell_ended(list, told_ended, attempts, last);
    if (!peer_.may_do_everything) last.set_text("root and the group " + backend_.config()->user + " see all");
    if (is_all_that_waits) {
      last.set_dropped(count_dropped_now());
      last.set_waiting(last.matched() + of_others + last.dropped());
    }
    send_end(outlet_, last);
  }

  // Sends ended messages, the latest first, without those in `told`.
  void tell_ended(const control_pb::Request::List& list, const std::vector<queue::QueueId>& told, VisibleMessages::Attempts attempts,
                  control_pb::End& last) {
    const Conditions conditions(list.selector());
    const auto ids = peer_.may_do_everything ? backend_.ended() : backend_.ended_of(peer_.uid);
    outlet_.charge(ids.size() / VisibleMessages::kIdsOfUnit);
    std::uint32_t left = list.ended();
    for (const queue::QueueId id : ids) {
      if (!visible_.may_go_on()) return;
      auto message = visible_.load(id);
      if (!message || !conditions.hold_for(*message, now_, Conditions::Recipients::all)) continue;
      if (std::find(told.begin(), told.end(), id) != told.end()) continue;
      if (left-- == 0) return last.set_more_ended(true);
      last.set_matched(last.matched() + 1);
      if (!visible_.tell(std::move(*message), attempts)) return;
    }
  }

  // A user learns only the number of other users' messages.
  std::uint64_t count_of_others() {
    if (peer_.may_do_everything) return 0;
    const std::uint64_t own = backend_.ids_of(peer_.uid).size(), all = backend_.message_count();
    return all - std::min(all, own);
  }

  std::uint64_t count_dropped_now() {
    const std::size_t dropped = count_dropped(*backend_.config());
    outlet_.charge(1 + dropped / kFilesOfUnit);
    return dropped;
  }

  // The same words for a foreign message and for none.
  std::string unknown_text(const std::string& id) const {
    return "no message " + id + " in the queue, or among those that ended lately" + (peer_.may_do_everything ? "" : ", or not yours") +
           "; what became of an older one is in the log: journalctl -u mxpress | grep " + id;
  }

  // Finds a message, even an ended one; otherwise sends an End.
  std::optional<queue::Message> find(const std::string& text) {
    const auto id = proto::QueueId::parse(text);
    control_pb::Selector selector;
    selector.add_id(text);
    if (!id) return send_end(outlet_, control_pb::End::MALFORMED, selector_mistake(selector)), std::nullopt;
    auto message = visible_.may_see(*id) ? visible_.load(*id) : Error::permanent("not to be seen");
    if (message) return std::move(*message);
    if (message.error().is_transient())
      send_end(outlet_, control_pb::End::FAILED, message.error().message);
    else
      send_end(outlet_, control_pb::End::UNKNOWN, unknown_text(id->to_string()));
    return std::nullopt;
  }

  void show(const std::string& id) {
    auto message = find(id);
    if (!message) return;
    control_pb::End last;
    last.set_matched(1);
    last.set_has_dialogue(has_dialogue(message->id, peer_, backend_, outlet_));
    if (visible_.tell(std::move(*message), VisibleMessages::Attempts::told)) send_end(outlet_, last);
  }

  void cat(const std::string& id) {
    auto message = find(id);
    if (!message) return;
    const auto content = message->content;
    if (!content)
      return send_end(outlet_, control_pb::End::UNKNOWN, "message " + message->id.to_string() + " has ended; its content is gone");
    message.reset();
    std::string buffer(kPiece, '\0');
    for (std::uint64_t offset = 0;;) {
      const auto size = content->read(offset, buffer.data(), buffer.size());
      if (!size) return send_end(outlet_, control_pb::End::FAILED, size.error().message);
      if (*size == 0) return send_end(outlet_, control_pb::End::OK, "", 1);
      control_pb::Response response;
      response.set_content(buffer.data(), *size);
      outlet_.charge(1);
      if (!outlet_.send(response)) return;
      if ((outlet_.turn_is_over() || outlet_.client_lags()) && !outlet_.pause()) return;
      offset += *size;
    }
  }

  void destinations() {
    if (!peer_.may_do_everything)
      return send_end(outlet_, control_pb::End::REFUSED,
                      "only root and members of the group " + backend_.config()->user + " may see the whole queue");
    const auto destinations = backend_.destinations();
    if (!destinations) return send_end(outlet_, control_pb::End::FAILED, destinations.error().message);
    for (const delivery::DestinationStatus& destination : *destinations) {
      control_pb::Response response;
      *response.mutable_destination() = describe(destination);
      if (!outlet_.send(response)) return;
    }
    control_pb::End last;
    last.set_matched(destinations->size());
    last.set_dropped(count_dropped_now());
    send_end(outlet_, last);
  }

  // The log announces it: the administrator gets it as every other alert.
  void alert(const std::string& reason) {
    if (!peer_.may_do_everything)
      return send_end(outlet_, control_pb::End::REFUSED, "only root and members of the group " + backend_.config()->user + " may do that");
    log(LogLine(Priority::alert, "doctor").add("reason", reason).add("note", "evidence, who must act, and what to paste: mxpress doctor"));
    send_end(outlet_, control_pb::End::OK, "");
  }

  void reload() {
    if (!peer_.may_do_everything)
      return send_end(outlet_, control_pb::End::REFUSED, "only root and members of the group " + backend_.config()->user + " may do that");
    const Status status = backend_.reload();
    send_end(outlet_, status ? control_pb::End::OK : control_pb::End::FAILED, status ? "" : status.error().message);
  }

  const ControlPeer& peer_;
  ControlBackend& backend_;
  const WallTime now_;
  ControlOutlet& outlet_;
  VisibleMessages visible_;
};

}  // namespace

void answer_control(const control_pb::Request& request, const ControlPeer& peer, ControlBackend& backend, WallTime now,
                    ControlOutlet& outlet) {
  Answer(request, peer, backend, now, outlet).to(request);
}

void answer_control(const control_pb::Request& request, const ControlPeer& peer, ControlBackend& backend, WallTime now,
                    const ControlSink& sink) {
  SinkOutlet outlet(sink);
  answer_control(request, peer, backend, now, outlet);
}

std::optional<WallTime> ControlBackend::waiting_since() {
  const auto rows = destinations();
  if (!rows) return oldest();
  std::optional<WallTime> since;
  for (const delivery::DestinationStatus& row : *rows)
    if (row.oldest_waiting && (!since || *row.oldest_waiting < *since)) since = row.oldest_waiting;
  return since;
}

std::optional<WallTime> ControlBackend::oldest() {
  for (const queue::QueueId id : ids())
    if (const auto message = load(id)) return message->envelope.submitted;
  return std::nullopt;
}

}  // namespace mxpress::mta::control
