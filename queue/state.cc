// The rules for how settlements, actions and notices change a message.
#include "queue/state.h"

#include <algorithm>
#include <unordered_map>

namespace mxpress::queue {
namespace {

bool is_open(RecipientStage stage) { return stage == RecipientStage::pending || stage == RecipientStage::notice_pending; }

void apply_to(Message& message, const Settlement& settlement) {
  apply_states(message, settlement.changes);
  if (settlement.attempt.recipients.empty() && settlement.attempt.hosts.empty()) return;  // a further part of a split settlement
  message.attempts.push_back(settlement.attempt);
  if (message.attempts.size() > kAttemptsKept) message.attempts.erase(message.attempts.begin());
}

void return_to_sender(RecipientState& state, WallTime time) {
  proto::HostResult why;
  why.stage = proto::Stage::local;
  why.status = {5, 0, 0};
  why.text = "returned to the sender by the operator";
  state.last = std::move(why);
  state.last_time = time;
}

void apply_to(Message& message, const ActionTaken& action) {
  if (action.kind == ActionKind::hold) message.held = true;
  if (action.kind == ActionKind::release) message.held = false;
  for (auto& state : message.recipients) {
    const auto before = state.stage;
    state.stage = acted_on(before, action.kind);
    if (action.kind == ActionKind::retry && before == RecipientStage::pending) state.next_try = kRetryWanted;
    if (action.kind == ActionKind::bounce && before == RecipientStage::pending) return_to_sender(state, action.time);
  }
}

// The attempt that forwards the message has more details, but may not have been recorded.
void forward(RecipientState& state, WallTime time) {
  if (state.stage != RecipientStage::pending) return;
  state.last = proto::HostResult{proto::Stage::local, "", "", "", {2, 1, 5}, 0, "forwarded by ~/.forward", false};
  state.last_time = time;
}

void apply_to(Message& message, const Told& notice) {
  for (const auto i : notice.recipients) {
    if (i >= message.recipients.size()) continue;
    auto& state = message.recipients[i];
    if (notice.kind == NoticeKind::forward) forward(state, notice.time);
    state.stage = told(state.stage, notice.kind);
    if (notice.kind == NoticeKind::delay) state.delay_notice_sent = true;
  }
}

}  // namespace

RecipientStage settled(RecipientStage now, RecipientStage reported) {
  switch (now) {
    case RecipientStage::pending:
      return reported;
    case RecipientStage::notice_pending:
      return reported == RecipientStage::pending ? now : reported;
    case RecipientStage::delivered:
      return now;
    case RecipientStage::ended:
    case RecipientStage::removed:
      return reported == RecipientStage::delivered ? reported : now;
  }
  return now;
}

RecipientStage acted_on(RecipientStage now, ActionKind action) {
  if (action == ActionKind::bounce && now == RecipientStage::pending) return RecipientStage::notice_pending;
  const bool open = now == RecipientStage::pending || now == RecipientStage::notice_pending;
  if (action == ActionKind::remove && open) return RecipientStage::removed;
  return now;
}

RecipientStage told(RecipientStage now, NewMessage::NoticeFor::Kind kind) {
  if (kind == NoticeKind::forward) return settled(now, RecipientStage::delivered);
  const bool ends = kind != NewMessage::NoticeFor::Kind::delay && now == RecipientStage::notice_pending;
  return ends ? RecipientStage::ended : now;
}

void Stages::begin(std::size_t recipients) {
  constexpr auto kPending = static_cast<StageOctet>(RecipientStage::pending);
  first_ = recipients > 0 ? kPending : static_cast<StageOctet>(RecipientStage::ended);
  if (recipients > 1) *others_ = {std::vector<StageOctet>(recipients - 1, kPending), 0};
}

StageOctet* Stages::at(std::size_t recipient) {
  if (recipient == 0) return &first_;
  return others_ && recipient <= others_->octets.size() ? &others_->octets[recipient - 1] : nullptr;
}

void Stages::apply(const StateChange& change) {
  std::visit([this](const auto& what) { take(what); }, change);
}

void Stages::take(const Settlement& settlement) {
  for (const auto& change : settlement.changes)
    if (auto* octet = at(change.recipient)) *octet = static_cast<StageOctet>(settled(stage(*octet), change.state.stage));
}

void Stages::take(const ActionTaken& action) {
  for (std::size_t i = 0; auto* octet = at(i); ++i) *octet = static_cast<StageOctet>(acted_on(stage(*octet), action.kind));
}

void Stages::take(const Told& notice) {
  for (const auto i : notice.recipients)
    if (auto* octet = at(i)) *octet = static_cast<StageOctet>(told(stage(*octet), notice.kind));
}

bool Stages::finished() {
  if (is_open(stage(first_))) return false;
  if (!others_) return true;
  auto& [octets, closed] = *others_;
  while (closed < octets.size() && !is_open(stage(octets[closed]))) ++closed;
  return closed == octets.size();
}

void shorten(std::vector<StoredChange>& changes) {
  const auto decides = [](const StoredChange& stored) {
    const auto* action = std::get_if<ActionTaken>(&stored.change);
    return action && (action->kind == ActionKind::bounce || action->kind == ActionKind::remove);
  };
  // After such an action a settlement no longer replaces the state before it.
  if (std::any_of(changes.begin(), changes.end(), decides)) return;
  std::unordered_map<std::uint32_t, bool> later;  // recipients with a later state; the value: it includes a delay notice
  std::size_t settlements = 0;
  for (auto stored = changes.rbegin(); stored != changes.rend(); ++stored) {
    auto* settlement = std::get_if<Settlement>(&stored->change);
    if (!settlement) continue;
    std::erase_if(settlement->changes, [&](const Settlement::Change& change) {
      const auto known = later.find(change.recipient);
      if (known == later.end()) return later.emplace(change.recipient, change.state.delay_notice_sent), false;
      return change.state.stage == RecipientStage::pending && (known->second || !change.state.delay_notice_sent);
    });
    ++settlements;
  }
  std::erase_if(changes, [&](const StoredChange& stored) {
    const auto* settlement = std::get_if<Settlement>(&stored.change);
    return settlement && settlements-- > kAttemptsKept && settlement->changes.empty();
  });
}

namespace {

constexpr std::size_t kNumbers = 128;         // octets of a state without its texts, at most
constexpr std::size_t kFewWords = 100;        // octets
constexpr std::size_t kManyWords = 1u << 20;  // octets; longer than any reply

std::size_t octets_of(const Settlement::Change& change) {
  const auto& last = change.state.last;
  return kNumbers + (last ? last->host.size() + last->address.size() + last->tls.size() + last->text.size() : 0);
}

void cut_words(proto::HostResult& result, std::size_t most) {
  for (auto* text : {&result.text, &result.host, &result.address, &result.tls})
    if (text->size() > most) text->resize(most);
}

}  // namespace

std::vector<Settlement> split(Settlement settlement, std::size_t octets) {
  std::vector<Settlement> parts;
  parts.push_back({settlement.message, std::move(settlement.attempt), {}});
  for (auto& host : parts[0].attempt.hosts) cut_words(host.result, kManyWords / 32);
  const Attempt none{parts[0].attempt.time, {}, {}};
  std::size_t filled = 0;
  for (auto& change : settlement.changes) {
    if (change.state.last) cut_words(*change.state.last, kManyWords);
    const auto size = octets_of(change);
    if (filled != 0 && filled + size > octets) {
      parts.push_back({settlement.message, none, {}});
      filled = 0;
    }
    filled += size;
    parts.back().changes.push_back(std::move(change));
  }
  return parts;
}

void shorten_words(std::vector<StoredChange>& changes) {
  for (auto& stored : changes) {
    auto* settlement = std::get_if<Settlement>(&stored.change);
    if (!settlement) continue;
    settlement->attempt = {settlement->attempt.time, {}, {}};
    for (auto& change : settlement->changes)
      if (change.state.last) cut_words(*change.state.last, kFewWords);
  }
}

void apply_states(Message& message, const std::vector<Settlement::Change>& changes) {
  for (const auto& change : changes) {
    if (change.recipient >= message.recipients.size()) continue;
    auto& state = message.recipients[change.recipient];
    const bool taken = settled(state.stage, change.state.stage) == change.state.stage;
    const bool delay_notice_sent = state.delay_notice_sent || change.state.delay_notice_sent;
    if (taken) state = change.state;
    state.delay_notice_sent = delay_notice_sent;
  }
}

void apply_change(Message& message, const StateChange& change) {
  std::visit([&message](const auto& what) { apply_to(message, what); }, change);
}

}  // namespace mxpress::queue
