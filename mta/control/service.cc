// Answers control requests.
#include "mta/control/service.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "mta/config/config.h"
#include "mta/control/describe.h"
#include "mta/control/parts.h"
#include "mta/control/selector.h"
#include "mta/control/view.h"
#include "mta/delivery/event_of.h"
#include "mta/system/log_room.h"
#include "mta/transport/local_mailbox.h"
#include "proto/control.pb.h"
#include "queue/changes.h"

namespace mxpress::mta::control {
namespace {

constexpr std::size_t kMostCounted = 10'000;      // files of a folder
constexpr std::size_t kBatch = 500;               // messages of one recorded action...
constexpr std::size_t kBatchRecipients = 10'000;  // ...which has no more recipients than this, but for its last message
constexpr std::chrono::seconds kLogPatience(10);  // of operators; a log that is not read at all keeps nobody from his work
constexpr std::size_t kPiece = 64 * 1024;         // octets of content in one response
// Work in the units of WorkLimits: any request; status; an action on one message, which is a record on disk; so many ids looked up.
constexpr std::uint64_t kRequest = 2, kStatus = 20, kAction = 50, kIdsOfUnit = 100;
constexpr std::uint64_t kFilesOfUnit = 50;  // so many names of a folder read

queue::ActionKind kind_of(control_pb::Action action) {
  switch (action) {
    case control_pb::RELEASE:
      return queue::ActionKind::release;
    case control_pb::RETRY:
      return queue::ActionKind::retry;
    case control_pb::REMOVE:
      return queue::ActionKind::remove;
    case control_pb::BOUNCE:
      return queue::ActionKind::bounce;
    default:
      return queue::ActionKind::hold;
  }
}

control_pb::Effect::What effect_of(delivery::ActionEffect effect) {
  switch (effect) {
    case delivery::ActionEffect::done:
      return control_pb::Effect::DONE;
    case delivery::ActionEffect::in_flight:
      return control_pb::Effect::IN_FLIGHT;
    case delivery::ActionEffect::held:
      return control_pb::Effect::HELD;
    case delivery::ActionEffect::unknown:
      return control_pb::Effect::UNKNOWN;
  }
  return control_pb::Effect::UNKNOWN;
}

// Without those that are still being written.
std::size_t count_files(const boost::filesystem::path& folder) {
  namespace fs = boost::filesystem;
  std::size_t count = 0, seen = 0;
  boost::system::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end && seen < kMostCounted; at.increment(error), ++seen)
    count += at->path().extension() != ".part";
  return seen == kMostCounted ? seen : count;
}

bool has_condition(const control_pb::Selector& selector) {
  return selector.id_size() != 0 || !selector.domain().empty() || !selector.sender().empty() || !selector.recipient().empty() ||
         selector.older_ms() != 0 || selector.state() != control_pb::Selector::ANY;
}

// One request of one peer.
class Answer {
 public:
  Answer(const ControlPeer& peer, ControlBackend& backend, WallTime now, ControlOutlet& outlet, ControlView::Scope scope)
      : peer_(peer),
        backend_(backend),
        now_(now),
        outlet_(outlet),
        view_(backend, now, scope, peer.may_do_everything ? ControlView::Reader::operators : ControlView::Reader::owner) {}

  void to(const control_pb::Request& request) {
    const bool needs_queue =
        request.has_list() || request.has_show() || request.has_cat() || request.has_act() || request.has_destinations();
    if (const Status ready = needs_queue ? backend_.ready() : Status(); !ready) return end(control_pb::End::FAILED, ready.error().message);
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
        return act(request.act());
      case control_pb::Request::kDestinations:
        return destinations();
      case control_pb::Request::kStatus:
        return status();
      case control_pb::Request::kReload:
        return reload();
      case control_pb::Request::WHAT_NOT_SET:
        break;
    }
    end(control_pb::End::MALFORMED, "this daemon does not know the request: mxpress and mxpressd are of different versions");
  }

 private:
  void end(control_pb::End end) {
    control_pb::Response response;
    response.mutable_end()->Swap(&end);
    (void)outlet_.send(response);
  }

  void end(control_pb::End::Result result, const std::string& text, std::uint64_t matched = 0) {
    control_pb::End last;
    last.set_result(result);
    last.set_text(text);
    last.set_matched(matched);
    end(std::move(last));
  }

  bool is_own(const queue::Message& message) const {
    const std::int64_t uid = message.envelope.submitter.uid;
    return uid >= 0 && uid == static_cast<std::int64_t>(peer_.uid);
  }

  // Decided from memory: mail of others is as good as not there, and takes as long.
  bool may_see(queue::QueueId id) { return peer_.may_do_everything || backend_.owns(peer_.uid, id); }

  // Error: whatever is wrong, the peer sees nothing of it.
  Result<queue::Message> load(queue::QueueId id) {
    auto message = view_.load(id);
    outlet_.charge(message ? cost_of(*message) : 1);
    if (message && !peer_.may_do_everything && !is_own(*message)) return Error::permanent("there is no message " + id.to_string());
    return message;
  }

  static std::uint64_t cost_of(const queue::Message& message) {
    std::uint64_t items = message.recipients.size();
    for (const queue::Attempt& attempt : message.attempts) items += attempt.hosts.size() + attempt.recipients.size() / 16;
    return 1 + items / 16;
  }

  std::vector<queue::QueueId> candidates(const control_pb::Selector& selector) {
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

  using Recipients = Conditions::Recipients;

  bool may_go_on() { return (!outlet_.turn_is_over() && !outlet_.client_lags()) || outlet_.pause(); }

  // Calls `use` for each message that is selected and may be seen; stops when it says false.
  template <class Use>
  std::uint64_t for_each(const control_pb::Selector& selector, Recipients recipients, Use use) {
    std::uint64_t matched = 0;
    const Conditions conditions(selector);
    for (const queue::QueueId id : candidates(selector)) {
      if (!may_go_on()) break;
      auto message = load(id);
      if (!message || !conditions.hold_for(*message, now_, recipients)) continue;
      if (recipients == Recipients::waiting && queue::is_finished(*message)) continue;
      ++matched;
      if (!use(std::move(*message))) break;
    }
    return matched;
  }

  // Tells all of one message. While the client does not read it is not kept in memory. False: nobody listens any more.
  bool tell(queue::Message loaded, MessageParts::Attempts attempts) {
    std::optional<queue::Message> message = std::move(loaded);
    const queue::QueueId id = message->id;
    MessageParts parts(attempts, now_, [this](control_pb::RecipientInfo& info, const queue::Message& of, std::size_t recipient) {
      view_.complete(info, of, recipient);
    });
    for (;;) {
      outlet_.charge(1);
      if (!outlet_.send(parts.next(*message))) return false;
      if (parts.done()) return true;
      if (!outlet_.client_lags()) continue;
      message.reset();
      if (!outlet_.pause()) return false;
      auto again = load(id);
      if (!again) return outlet_.send(last_part(id));  // it has left the queue
      message = std::move(*again);
    }
  }

  static control_pb::Response last_part(queue::QueueId id) {
    control_pb::Response response;
    response.mutable_message()->set_id(id.to_string());
    return response;
  }

  void list(const control_pb::Request::List& list) {
    if (const std::string mistake = selector_mistake(list.selector()); !mistake.empty()) return end(control_pb::End::MALFORMED, mistake);
    const auto attempts = list.attempts() ? MessageParts::Attempts::told : MessageParts::Attempts::left_out;
    const bool is_all_that_waits = !has_condition(list.selector()) && list.ended() == 0;
    const std::uint64_t of_others = is_all_that_waits ? count_of_others() : 0;
    control_pb::End last;
    const Recipients recipients = list.ended() == 0 ? Recipients::waiting : Recipients::all;
    std::vector<queue::QueueId> told_ended;  // their ends are not on the disk yet
    const auto tell_it = [&](queue::Message message) {
      if (queue::is_finished(message)) told_ended.push_back(message.id);
      return tell(std::move(message), attempts);
    };
    last.set_matched(for_each(list.selector(), recipients, tell_it));
    if (list.ended() != 0 && list.selector().id_size() == 0) tell_ended(list, told_ended, attempts, last);
    if (!peer_.may_do_everything) last.set_text("root and the group " + backend_.config()->user + " see all");
    if (is_all_that_waits) {
      last.set_dropped(count_dropped_now());
      last.set_waiting(last.matched() + of_others + last.dropped());
    }
    end(std::move(last));
  }

  // Those that have ended, the latest first, but for `told`.
  void tell_ended(const control_pb::Request::List& list, const std::vector<queue::QueueId>& told, MessageParts::Attempts attempts,
                  control_pb::End& last) {
    const Conditions conditions(list.selector());
    const auto ids = peer_.may_do_everything ? backend_.ended() : backend_.ended_of(peer_.uid);
    outlet_.charge(ids.size() / kIdsOfUnit);
    std::uint32_t left = list.ended();
    for (const queue::QueueId id : ids) {
      if (!may_go_on()) return;
      auto message = load(id);
      if (!message || !conditions.hold_for(*message, now_, Recipients::all)) continue;
      if (std::find(told.begin(), told.end(), id) != told.end()) continue;
      if (left-- == 0) return last.set_more_ended(true);
      last.set_matched(last.matched() + 1);
      if (!tell(std::move(*message), attempts)) return;
    }
  }

  // Their number is all that anybody learns of the mail of others.
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

  // The same words whether it is somebody else's or none.
  std::string unknown_text(const std::string& id) const {
    return "no message " + id + " in the queue, or among those that ended lately" + (peer_.may_do_everything ? "" : ", or not yours") +
           "; what became of an older one is in the log: journalctl -u mxpress | grep " + id;
  }

  // The message, also an ended one; or an End is sent.
  std::optional<queue::Message> find(const std::string& text) {
    const auto id = proto::QueueId::parse(text);
    control_pb::Selector selector;
    selector.add_id(text);
    if (!id) return end(control_pb::End::MALFORMED, selector_mistake(selector)), std::nullopt;
    auto message = may_see(*id) ? load(*id) : Error::permanent("not to be seen");
    if (message) return std::move(*message);
    if (message.error().is_transient())
      end(control_pb::End::FAILED, message.error().message);
    else
      end(control_pb::End::UNKNOWN, unknown_text(id->to_string()));
    return std::nullopt;
  }

  void show(const std::string& id) {
    auto message = find(id);
    if (message && tell(std::move(*message), MessageParts::Attempts::told)) end(control_pb::End::OK, "", 1);
  }

  void cat(const std::string& id) {
    auto message = find(id);
    if (!message) return;
    const auto content = message->content;
    if (!content) return end(control_pb::End::UNKNOWN, "message " + message->id.to_string() + " has ended; its content is gone");
    message.reset();
    std::string buffer(kPiece, '\0');
    for (std::uint64_t offset = 0;;) {
      const auto size = content->read(offset, buffer.data(), buffer.size());
      if (!size) return end(control_pb::End::FAILED, size.error().message);
      if (*size == 0) return end(control_pb::End::OK, "", 1);
      control_pb::Response response;
      response.set_content(buffer.data(), *size);
      outlet_.charge(1);
      if (!outlet_.send(response)) return;
      if ((outlet_.turn_is_over() || outlet_.client_lags()) && !outlet_.pause()) return;
      offset += *size;
    }
  }

  bool may(control_pb::Action action) const {
    return peer_.may_do_everything || action == control_pb::HOLD || action == control_pb::REMOVE;
  }

  void act(const control_pb::Request::Act& act) {
    if (const std::string mistake = selector_mistake(act.selector()); !mistake.empty()) return end(control_pb::End::MALFORMED, mistake);
    if (act.action() == control_pb::ACTION_NONE || !control_pb::Action_IsValid(act.action()))
      return end(control_pb::End::MALFORMED, "no such action");
    if (!may(act.action()))
      return end(control_pb::End::REFUSED,
                 "only root and members of the group " + backend_.config()->user + " may do that; you may hold and remove your own mail");
    std::vector<Selected> batch;
    std::size_t recipients = 0;
    Status status;
    const std::uint64_t matched = for_each(act.selector(), Recipients::waiting, [&](queue::Message message) {
      batch.push_back({message.id, waits(message)});
      recipients += message.recipients.size();
      if (batch.size() < kBatch && recipients < kBatchRecipients) return true;
      recipients = 0;
      status = perform(act, std::exchange(batch, {}));
      return status.ok();
    });
    if (status && !batch.empty()) status = perform(act, batch);
    if (!status) return end(control_pb::End::FAILED, status.error().message, matched);
    end(control_pb::End::OK, "", matched);
  }

  struct Selected {
    queue::QueueId id;
    bool waits;  // a recipient is pending
  };

  static bool waits(const queue::Message& message) {
    return std::any_of(message.recipients.begin(), message.recipients.end(),
                       [](const queue::RecipientState& state) { return state.stage == queue::RecipientStage::pending; });
  }

  // What ends by an action is logged, a line for each recipient. Users wait for lines about their mail by trying again; an operator's
  // lines, which are about the mail of many, wait for the writer here.
  Status wait_for_log(const control_pb::Request::Act& act) {
    if ((act.action() != control_pb::REMOVE && act.action() != control_pb::BOUNCE) || act.dry_run()) return {};
    const LogRoom& room = log_rooms().outcomes;
    if (!peer_.may_do_everything && !room.has_room(fairness::Owner::user(peer_.uid)))
      return Error::transient("too many lines about your mail wait for the log; try again later");
    const auto end = std::chrono::steady_clock::now() + kLogPatience;
    while (!room.is_calm() && peer_.may_do_everything && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return {};
  }

  // Who looks for a recipient in the daemon's log finds there how it ended.
  void tell(control_pb::Action action, const std::vector<Selected>& selected, const std::vector<delivery::ActionEffect>& effects) {
    if (!backend_.status().running) return;
    for (std::size_t i = 0; i < selected.size(); ++i) {
      if (action == control_pb::BOUNCE && !selected[i].waits) continue;  // it was returned before
      if (action == control_pb::REMOVE || action == control_pb::BOUNCE) {
        if (const auto after = backend_.load(selected[i].id)) backend_.tell(delivery::event_of(*after, kind_of(action), peer_.uid));
      } else if (i < effects.size() && effects[i] != delivery::ActionEffect::unknown) {
        backend_.tell(events::Acted{selected[i].id, kind_of(action), peer_.uid});
      }
    }
  }

  Status perform(const control_pb::Request::Act& act, const std::vector<Selected>& selected) {
    if (const Status room = wait_for_log(act); !room) return room;
    std::vector<queue::QueueId> ids;
    for (const Selected& message : selected) ids.push_back(message.id);
    std::vector<delivery::ActionEffect> effects;
    if (!act.dry_run()) {
      outlet_.charge(kAction * ids.size());
      auto result = backend_.act(kind_of(act.action()), ids);
      if (!result) return result.error();
      effects = std::move(*result);
      tell(act.action(), selected, effects);
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
      control_pb::Response response;
      response.mutable_effect()->set_id(ids[i].to_string());
      response.mutable_effect()->set_what(i < effects.size() ? effect_of(effects[i]) : control_pb::Effect::WOULD);
      if (!outlet_.send(response)) return Error::transient("nobody listens any more");
    }
    return {};
  }

  void destinations() {
    if (!peer_.may_do_everything)
      return end(control_pb::End::REFUSED, "only root and members of the group " + backend_.config()->user + " may see the whole queue");
    const auto destinations = backend_.destinations();
    if (!destinations) return end(control_pb::End::FAILED, destinations.error().message);
    for (const delivery::DestinationStatus& destination : *destinations) {
      control_pb::Response response;
      *response.mutable_destination() = describe(destination);
      if (!outlet_.send(response)) return;
    }
    control_pb::End last;
    last.set_matched(destinations->size());
    last.set_dropped(count_dropped_now());
    end(std::move(last));
  }

  void status() {
    outlet_.charge(kStatus);
    const std::shared_ptr<const Config> in_force = backend_.config();
    const Config& config = *in_force;
    const DaemonStatus daemon = backend_.status();
    control_pb::Response response;
    control_pb::StatusInfo& info = *response.mutable_status();
    info.set_running(daemon.running);
    info.set_started_ms(milliseconds(daemon.started));
    info.set_accepting(daemon.counters.accepting);
    info.set_not_accepting_because(daemon.counters.not_accepting_because);
    info.set_messages(daemon.counters.messages);
    info.set_stored(daemon.counters.stored);
    info.set_ended(daemon.counters.ended);
    info.set_corrupt(daemon.counters.corrupt);
    info.set_journal_bytes(daemon.counters.journal_bytes);
    info.set_hostname(config.hostname);
    if (const auto oldest = backend_.oldest()) info.set_oldest_ms(milliseconds(*oldest));
    add_disk(info, config);
    for (const std::string& failure : daemon.failures) info.add_trouble(failure);
    if (daemon.running) describe_events(info, daemon);
    describe_keys(info, daemon.keys);
    if (daemon.counters.unread != 0)
      info.add_trouble(std::to_string(daemon.counters.unread) + " file(s) of the spool could not be read; the log says which and why");
    if (const std::size_t refused = count_files(config.refused_directory()); refused != 0)
      info.add_warning(std::to_string(refused) + " file(s) of sendmail could not be taken in; they are in " +
                       config.refused_directory().string());
    for (const std::string& warning : config.warnings) info.add_warning(warning);
    if (const std::size_t dropped = daemon.running ? 0 : count_dropped(config); dropped != 0)
      info.add_warning(std::to_string(dropped) + " more message(s) of sendmail wait in " + config.drop_directory().string() +
                       " until mxpressd is started");
    if (outlet_.send(response)) end(control_pb::End::OK, "", 1);
  }

  void add_disk(control_pb::StatusInfo& info, const Config& config) {
    struct statvfs disk{};
    if (::statvfs(config.spool_directory.c_str(), &disk) == 0) info.set_disk_free(std::uint64_t{disk.f_bavail} * disk.f_frsize);
    const transport::MailboxUse mail = transport::mailbox_use(config.mailbox_directory());
    info.set_local_messages(mail.messages);
    info.set_local_bytes(mail.octets);
  }

  void reload() {
    if (!peer_.may_do_everything)
      return end(control_pb::End::REFUSED, "only root and members of the group " + backend_.config()->user + " may do that");
    const Status status = backend_.reload();
    end(status ? control_pb::End::OK : control_pb::End::FAILED, status ? "" : status.error().message);
  }

  const ControlPeer& peer_;
  ControlBackend& backend_;
  WallTime now_;
  ControlOutlet& outlet_;
  ControlView view_;
};

// To ask the workers once for all destinations is the quicker way only where all of the queue is looked at, and dear enough for operators.
ControlView::Scope scope_of(const control_pb::Request& request, const ControlPeer& peer) {
  const bool is_all =
      (request.has_list() && request.list().selector().id_size() == 0) || (request.has_act() && request.act().selector().id_size() == 0);
  return is_all && peer.may_do_everything ? ControlView::Scope::whole_queue : ControlView::Scope::each_message;
}

}  // namespace

std::size_t count_dropped(const Config& config) { return count_files(config.drop_directory()); }

void answer_control(const control_pb::Request& request, const ControlPeer& peer, ControlBackend& backend, WallTime now,
                    ControlOutlet& outlet) {
  Answer(peer, backend, now, outlet, scope_of(request, peer)).to(request);
}

void answer_control(const control_pb::Request& request, const ControlPeer& peer, ControlBackend& backend, WallTime now,
                    const ControlSink& sink) {
  SinkOutlet outlet(sink);
  answer_control(request, peer, backend, now, outlet);
}

std::optional<WallTime> ControlBackend::oldest() {
  for (const queue::QueueId id : ids())
    if (const auto message = load(id)) return message->envelope.submitted;
  return std::nullopt;
}

}  // namespace mxpress::mta::control
