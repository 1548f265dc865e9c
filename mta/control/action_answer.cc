// Performs actions on messages.
#include "mta/control/action_answer.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "mta/config/config.h"
#include "mta/control/backend.h"
#include "mta/control/ending.h"
#include "mta/control/selector.h"
#include "mta/control/visible_messages.h"
#include "mta/delivery/admin_actions.h"
#include "mta/delivery/event_of.h"
#include "mta/system/log_room.h"
#include "proto/control.pb.h"
#include "queue/changes.h"

namespace mxpress::mta::control {
namespace {

constexpr std::size_t kBatch = 500;               // messages of one recorded action...
constexpr std::size_t kBatchRecipients = 10'000;  // ...which has at most this many recipients, except for its last message
constexpr std::chrono::seconds kLogPatience(10);  // for operators; a log that is never read must not stop their work
constexpr std::uint64_t kAction = 50;             // units of WorkLimits for one message, which is a record on disk

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

bool waits(const queue::Message& message) {
  return std::any_of(message.recipients.begin(), message.recipients.end(),
                     [](const queue::RecipientState& state) { return state.stage == queue::RecipientStage::pending; });
}

// The answer to one request.
class ActionAnswer {
 public:
  ActionAnswer(const ControlPeer& peer, ControlBackend& backend, ControlOutlet& outlet, VisibleMessages& visible)
      : peer_(peer), backend_(backend), outlet_(outlet), visible_(visible) {}

  // Acts on the selected messages, in batches, sends the result for each, and an End.
  void to(const control_pb::Request::Act& act);

 private:
  struct Selected {
    queue::QueueId id;
    bool waits;  // a recipient is pending
  };
  bool may(control_pb::Action action) const;
  Status wait_for_log(const control_pb::Request::Act& act);
  void tell(control_pb::Action action, const std::vector<Selected>& selected, const std::vector<delivery::ActionEffect>& effects);
  Status perform(const control_pb::Request::Act& act, const std::vector<Selected>& selected);

  const ControlPeer& peer_;
  ControlBackend& backend_;
  ControlOutlet& outlet_;
  VisibleMessages& visible_;
};

void ActionAnswer::to(const control_pb::Request::Act& act) {
  if (const std::string mistake = selector_mistake(act.selector()); !mistake.empty())
    return send_end(outlet_, control_pb::End::MALFORMED, mistake);
  if (act.action() == control_pb::ACTION_NONE || !control_pb::Action_IsValid(act.action()))
    return send_end(outlet_, control_pb::End::MALFORMED, "no such action");
  if (!may(act.action()))
    return send_end(
        outlet_, control_pb::End::REFUSED,
        "only root and members of the group " + backend_.config()->user + " may do that; you may hold and remove your own mail");
  std::vector<Selected> batch;
  std::size_t recipients = 0;
  Status status;
  const std::uint64_t matched = visible_.for_each(act.selector(), VisibleMessages::Which::waiting, [&](queue::Message message) {
    batch.push_back({message.id, waits(message)});
    recipients += message.recipients.size();
    if (batch.size() < kBatch && recipients < kBatchRecipients) return true;
    recipients = 0;
    status = perform(act, std::exchange(batch, {}));
    return status.ok();
  });
  if (status && !batch.empty()) status = perform(act, batch);
  if (!status) return send_end(outlet_, control_pb::End::FAILED, status.error().message, matched);
  send_end(outlet_, control_pb::End::OK, "", matched);
}

bool ActionAnswer::may(control_pb::Action action) const {
  return peer_.may_do_everything || action == control_pb::HOLD || action == control_pb::REMOVE;
}

// An ending by an action is logged, with a line for each recipient. If the log is behind, users have to repeat their request; an operator's
// lines, which are about many users' mail, wait here for the writer.
Status ActionAnswer::wait_for_log(const control_pb::Request::Act& act) {
  if ((act.action() != control_pb::REMOVE && act.action() != control_pb::BOUNCE) || act.dry_run()) return {};
  const LogRoom& room = log_rooms().outcomes;
  if (!peer_.may_do_everything && !room.has_room(fairness::Owner::user(peer_.uid)))
    return Error::transient("too many lines about your mail wait for the log; try again later");
  const auto end = std::chrono::steady_clock::now() + kLogPatience;
  while (!room.is_calm() && peer_.may_do_everything && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return {};
}

// Logs the end of each recipient, so that a search in the daemon's log finds it.
void ActionAnswer::tell(control_pb::Action action, const std::vector<Selected>& selected,
                        const std::vector<delivery::ActionEffect>& effects) {
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

Status ActionAnswer::perform(const control_pb::Request::Act& act, const std::vector<Selected>& selected) {
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

}  // namespace

void answer_act(const control_pb::Request_Act& act, const ControlPeer& peer, ControlBackend& backend, ControlOutlet& outlet,
                VisibleMessages& visible) {
  ActionAnswer(peer, backend, outlet, visible).to(act);
}

}  // namespace mxpress::mta::control
