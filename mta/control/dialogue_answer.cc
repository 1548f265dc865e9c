// Finds dialogues on the disk.
#include "mta/control/dialogue_answer.h"

#include <array>
#include <deque>
#include <optional>
#include <string>

#include "mta/config/config.h"
#include "mta/control/backend.h"
#include "mta/control/ending.h"
#include "mta/history/search.h"
#include "proto/control.pb.h"
#include "proto/dialogue.h"
#include "proto/printable.h"

namespace mxpress::mta::control {
namespace {

constexpr std::size_t kMostTold = 40;  // attempts

// Calls `use` with each record of the message that the peer may see, the latest first.
Status search(proto::QueueId id, const ControlPeer& peer, ControlBackend& backend, ControlOutlet& outlet,
              const std::function<bool(const history::RecordView&)>& use) {
  const history::Search* const dialogues = backend.dialogues();
  if (!dialogues) return {};
  const std::int64_t owner = peer.may_do_everything ? history::kAnybody : std::int64_t{peer.uid};
  const history::Query query{{history::Key::of(id, owner)}, 0, kMostTold + 1};
  return dialogues->run(
      query, [&](const history::Hit& hit) { return use(hit.record); },
      [&](std::uint64_t units) {
        outlet.charge(units);
        return !outlet.turn_is_over() || outlet.pause();
      });
}

control_pb::DialogueInfo info_of(const history::RecordView& record) {
  control_pb::DialogueInfo info;
  info.set_id(record.message.to_string());
  info.set_time_ms(record.time.time_since_epoch().count());
  for (const proto::HostDialogue& host : proto::parse_dialogues(record.text)) {
    control_pb::DialogueInfo::Host& shown = *info.add_host();
    shown.set_host(host.host);
    shown.set_address(host.address);
    shown.set_started_ms(host.started.time_since_epoch().count());
    for (const proto::DialogueLine& line : host.lines) *shown.add_line() = line_info(line);
  }
  return info;
}

std::string unknown_text(const ControlPeer& peer, ControlBackend& backend, const std::string& id) {
  std::string text = "no conversation about message " + id + " is kept" + (peer.may_do_everything ? "" : ", or the message is not yours") +
                     ": those of attempts that failed are, at most " + std::to_string(backend.config()->history.dialogues >> 20) +
                     " MiB ([history] dialogues)";
  const history::Search* const dialogues = backend.dialogues();
  const auto begin = dialogues ? dialogues->begin() : Result<std::optional<WallTime>>(std::optional<WallTime>());
  return begin && *begin ? text + ", since " + proto::rfc5322_date(**begin) : text;
}

}  // namespace

control_pb::DialogueLine line_info(const proto::DialogueLine& line) {
  constexpr std::array<const char*, 4> kWords = {"client", "host", "tls", "note"};
  control_pb::DialogueLine info;
  info.set_from(kWords[static_cast<std::size_t>(line.from)]);
  info.set_text(line.text);
  info.set_ms(line.at.count());
  return info;
}

void answer_dialogue(const control_pb::Request_Dialogue& asked, const ControlPeer& peer, ControlBackend& backend, ControlOutlet& outlet) {
  const auto id = proto::QueueId::parse(asked.id());
  if (!id) return send_end(outlet, control_pb::End::MALFORMED, proto::printable(asked.id(), 100) + " is no queue id: mxpress dialogue ID");
  std::deque<control_pb::DialogueInfo> told;
  std::uint64_t earlier = 0;
  const Status searched = search(*id, peer, backend, outlet, [&](const history::RecordView& record) {
    const bool is_told = told.size() < (asked.all() ? kMostTold : 1);
    if (is_told)
      told.push_front(info_of(record));
    else
      ++earlier;
    return earlier <= kMostTold;
  });
  if (!searched) return send_end(outlet, control_pb::End::FAILED, searched.error().message);
  if (told.empty()) return send_end(outlet, control_pb::End::UNKNOWN, unknown_text(peer, backend, id->to_string()));
  for (control_pb::DialogueInfo& info : told) {
    control_pb::Response response;
    response.mutable_dialogue()->Swap(&info);
    outlet.charge(1);
    if (!outlet.send(response)) return;
  }
  control_pb::End end;
  end.set_matched(told.size());
  end.set_earlier(earlier);
  send_end(outlet, end);
}

bool has_dialogue(proto::QueueId id, const ControlPeer& peer, ControlBackend& backend, ControlOutlet& outlet) {
  bool found = false;
  return search(id, peer, backend, outlet, [&found](const history::RecordView&) { return found = true, false; }).ok() && found;
}

}  // namespace mxpress::mta::control
