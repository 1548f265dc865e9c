// Collects dialogues, and tells debuggers.
#include "mta/transport/conversation.h"

#include <algorithm>
#include <utility>

#include "dns/target.h"
#include "mta/events/followers.h"
#include "mta/smtp/client.h"
#include "mta/transport/transport.h"
#include "proto/outcome.h"
#include "proto/printable.h"
#include "queue/message.h"

namespace mxpress::mta::transport {
namespace {

using events::Followed;

std::vector<std::string> names_of(const Order& order) {
  std::vector<std::string> names;
  for (const std::uint32_t index : order.recipients) names.push_back(order.message->envelope.recipients[index].mailbox.to_string());
  return names;
}

}  // namespace

Conversation::Conversation(events::Followers* followers, const Order& order) : order_(order) {
  if (followers && followers->has_debuggers())
    debuggers_ = followers->begin_attempt(order.message->id, order.message->envelope.submitter.owner(), names_of(order));
}

Conversation::~Conversation() { smtp::Dialogue::give_room(room_); }

smtp::DialogueListener Conversation::listener_for(const dns::Target& target) {
  if (debuggers_.empty()) return nullptr;
  const std::string name = proto::visible_utf8(target.host, 300) + "[" + target.address_text() + "]";
  for (const auto& debugger : debuggers_)
    debugger->put({Followed::Kind::host, Clock::current().wall(), order_.message->id, name, {}, {}, {}});
  return [debuggers = debuggers_, id = order_.message->id](const proto::DialogueLine& line) {
    for (const auto& debugger : debuggers)
      debugger->put({Followed::Kind::line, Clock::current().wall(), id, line.text, line.from, line.at, {}});
  };
}

void Conversation::note(std::string_view text) {
  for (const auto& debugger : debuggers_)
    debugger->put({Followed::Kind::line,
                   Clock::current().wall(),
                   order_.message->id,
                   proto::visible_utf8(text, smtp::Dialogue::kMostOfLine),
                   proto::Speaker::note,
                   Duration(0),
                   {}});
}

void Conversation::begin(smtp::ClientSession& session, WallTime started, bool reused) {
  started_ = started;
  session.begin_message();
  if (auto listener = reused ? listener_for(session.target()) : nullptr) session.listen(std::move(listener));
}

void Conversation::ended(std::optional<proto::HostResult> refusal) {
  if (refusal) refusal_ = std::move(refusal);
}

void Conversation::leave_session(smtp::ClientSession& session) {
  if (const auto refusal = std::exchange(refusal_, std::nullopt)) keep(session.target(), started_, session.dialogue(), *refusal);
  session.listen(nullptr);
}

void Conversation::add(const dns::Target& target, WallTime started, const std::shared_ptr<const std::vector<proto::DialogueLine>>& said,
                       const proto::HostResult& end) {
  keep(target, started, said ? *said : std::vector<proto::DialogueLine>(), end);
}

void Conversation::end(const std::vector<proto::RecipientResult>& results, events::Hub& events) {
  if (results.empty()) leave();
  const bool is_delivered = std::all_of(results.begin(), results.end(),
                                        [](const proto::RecipientResult& one) { return one.outcome == proto::Outcome::delivered; });
  if (is_delivered || kept_.empty()) return;
  const proto::Submitter& submitter = order_.message->envelope.submitter;
  events.emit(events::Conversed{order_.message->id, submitter.owner(), submitter.share_owner(), kept_});
}

// One connection has half of the room at most, so that the next host has some.
void Conversation::keep(const dns::Target& target, WallTime started, std::vector<proto::DialogueLine> lines, const proto::HostResult& end) {
  const bool is_told = end.reply_code != 0 || end.text.empty();  // by the host
  if (!is_told) lines.push_back({proto::Speaker::note, end.text, lines.empty() ? Duration(0) : lines.back().at});
  if (!is_told) note(end.text);
  proto::HostDialogue dialogue{proto::visible_utf8(target.host, 300), target.address_text(), started, std::move(lines)};
  std::string form;
  proto::append(form, dialogue, kMost / 2);
  constexpr std::size_t kUsual = smtp::Dialogue::kUsual, kMore = kMost - kUsual;
  if (room_ == 0 && kept_.size() + form.size() > kUsual && smtp::Dialogue::take_room(kMore)) room_ = kMore;
  const std::size_t most = kUsual + room_;
  if (kept_.size() + form.size() <= most)
    kept_ += form;
  else
    proto::append(kept_, dialogue, most);
}

void Conversation::leave() {
  for (const auto& debugger : debuggers_) debugger->leave_attempt(order_.message->id);
}

}  // namespace mxpress::mta::transport
