// The ledger: invariants at each offer, delivery and settlement, and at the end.
#include <algorithm>
#include <iterator>

#include "queue/crc32c.h"
#include "tests/sim/ledger.h"

namespace mxpress::sim {
namespace {

constexpr Duration kRounding = std::chrono::seconds(1);
constexpr Duration kLongestWait = std::chrono::minutes(199);
// The standard schedule: "1m 5m 10m 30m 1h*4 3h*".
constexpr int kWaits[] = {1, 5, 10, 30, 60, 60, 60, 60, 180};

bool was_delivered(const queue::RecipientState& state) { return state.last && state.last->status.klass == 2; }

Duration scheduled_wait(std::uint32_t attempts) {
  const std::size_t step = std::min<std::size_t>(std::max(attempts, 1u), std::size(kWaits)) - 1;
  return std::chrono::minutes(kWaits[step]);
}

// True if the reply is about the message, not the host.
bool is_own_deferral(const proto::HostResult& result) {
  return result.reply_code / 100 == 4 && result.reply_code != 421 && result.status.subject != 3;
}

}  // namespace

Instant Ledger::first_seen(Index index) {
  BookedRecipient& entry = recipients_[index];
  if (entry.first_seen == Instant{}) entry.first_seen = instant_now();
  return entry.first_seen;
}

void Ledger::offered(Index index, Instant mail) {
  const BookedRecipient& entry = recipients_[index];
  const BookedMessage& message = messages_[entry.message];
  ++offers_;
  note(30, index);
  if (message.standing != BookedMessage::Standing::accepted && message.seen_in_run == 0)
    wrong_about(index, "is sent before it was accepted");
  if (message.stopped_since < mail) wrong_about(index, "is offered though the operator holds or has removed it");
  if (entry.deliveries > entry.excuses) wrong_about(index, "is offered again after it was delivered");
  const bool early = instant_now() + kRounding < entry.not_before && age(message) < options_.policy.lifetime;
  if (early) wrong_about(index, "is tried before its time");
}

void Ledger::delivered(Index index, const std::vector<Index>& recipients, const std::string& content) {
  const BookedMessage& message = messages_[index];
  if (message.checksum != queue::crc32c(content)) wrong(message.id.to_string() + ": the content has changed on the way");
  if (message.is_notice) check_notice_text(index, content);
  for (const Index recipient : recipients) {
    BookedRecipient& entry = recipients_[recipient];
    if (entry.message != index) return wrong_about(recipient, "got the content of another message");
    note(31, recipient);
    if (++entry.deliveries > 1) ++repeats_;
    if (entry.deliveries > 1 + entry.excuses) wrong_about(recipient, "is delivered twice, and nothing explains it");
    if (!entry.unsettled) unsettled_.push_back(recipient);
    entry.unsettled = true;
    const bool prompt = !message.disturbed && !message.is_notice && world_.destinations[entry.destination].healthy;
    if (!prompt) continue;
    slowest_ = std::max(slowest_, age(message));
    if (age(message) > options_.prompt)
      wrong_about(recipient, "has waited for " + queue::format_duration(age(message)) + " though nothing is wrong with its mail host");
  }
}

void Ledger::reply_lost(Index index, const std::vector<Index>& recipients) {
  for (const Index recipient : recipients) {
    if (recipients_[recipient].message != index) continue;
    ++recipients_[recipient].excuses;
    recipients_[recipient].unsettled = false;
    std::erase(unsettled_, recipient);
  }
}

void Ledger::check_notice_text(Index index, const std::string& content) {
  for (const auto& told : notice_for_[index])
    for (const auto position : told.recipients) {
      const Index recipient = messages_[index_of(told.message)].first + position;
      const std::string line = "Final-Recipient: rfc822; u" + std::to_string(recipient) + "@";
      if (content.find(line) == std::string::npos) wrong_about(recipient, "is not named in its notice");
    }
}

void Ledger::check_settlement(Index index, const queue::Settlement::Change& change, const queue::Attempt&) {
  const BookedRecipient& entry = recipients_[index];
  const queue::RecipientState& state = change.state;
  if (state.stage == RecipientStage::pending) return check_next_try(index, state);
  if (was_delivered(state)) {
    if (entry.deliveries == 0) wrong_about(index, "is recorded as delivered, and no host has it");
  } else if (!(messages_[entry.message].is_notice && entry.stage == RecipientStage::notice_pending)) {
    check_failure(index, state);
  }
}

// A failed recipient has a reason: a host's 5xx, the DNS, the operator, or time.
void Ledger::check_failure(Index index, const queue::RecipientState& state) {
  const BookedRecipient& entry = recipients_[index];
  const BookedMessage& message = messages_[entry.message];
  const Lookup lookup = world_.destinations[entry.destination].lookup;
  if (entry.returned) return;
  if (!state.last) return wrong_about(index, "failed without a reason");
  if (state.expired) {
    if (!message.disturbed) latest_ = std::max(latest_, age(message) - options_.policy.lifetime);
    if (age(message) + kRounding < options_.policy.lifetime) wrong_about(index, "expired early");
    return;
  }
  const int code = state.last->reply_code;
  const bool held_too_long = code == 0 && age(message) + kRounding >= options_.policy.held_lifetime;
  const bool by_host = code == 521 || (code / 100 == 5 && entry.refused);
  const bool by_dns = code == 0 && (lookup == Lookup::no_such_domain || lookup == Lookup::null_mx);
  if (!by_host && !by_dns && !held_too_long) wrong_about(index, "failed, and nobody has said so: " + state.last->text);
}

void Ledger::check_next_try(Index index, const queue::RecipientState& state) {
  BookedRecipient& entry = recipients_[index];
  const Duration wait = state.next_try - Clock::current().wall();
  if (wait > kLongestWait) wrong_about(index, "shall wait for " + queue::format_duration(wait));
  entry.not_before = Instant{};
  if (!state.last || !is_own_deferral(*state.last)) return;
  const Duration base = scheduled_wait(state.attempts);
  if (wait < base - base / 10 - kRounding || wait > base + base / 10 + kRounding)
    wrong_about(index, "waits for " + queue::format_duration(wait) + " after attempt " + std::to_string(state.attempts));
  entry.not_before = instant_now() + wait;
}

void Ledger::check_end(Index index) {
  const BookedRecipient& entry = recipients_[index];
  const auto failures = entry.notices[static_cast<int>(NoticeKind::failure)];
  const auto successes = entry.notices[static_cast<int>(NoticeKind::success)];
  switch (entry.stage) {
    case RecipientStage::pending:
    case RecipientStage::notice_pending:
      return wrong_about(index, "has no end");
    case RecipientStage::delivered:
      if (entry.deliveries == 0) wrong_about(index, "is delivered, and no host has it");
      if (failures > 0 && !entry.returned && entry.excuses == 0) wrong_about(index, "is delivered, and its sender was told otherwise");
      return;
    case RecipientStage::removed:
      return;
    case RecipientStage::ended:
      break;
  }
  if (messages_[entry.message].is_notice) return;  // kept in the local mailbox
  if (successes > 0 && entry.deliveries == 0) wrong_about(index, "is told to be relayed, and no host has it");
  if (successes + failures > 1) wrong_about(index, "has two ends");
  if (entry.returned) return;
  if (entry.wants_failure && successes + failures == 0) wrong_about(index, "failed, and its sender was not told");
  if (!entry.wants_failure && failures > 0) wrong_about(index, "failed, and who wanted no notice got one");
}

void Ledger::close_book() {
  for (const Index index : open_) wrong(messages_[index].id.to_string() + " never came to an end");
  for (Index i = 0; i < recipients_.size(); ++i)
    if (messages_[recipients_[i].message].standing == BookedMessage::Standing::accepted) check_end(i);
}

Figures Ledger::figures() const {
  Figures figures;
  for (const BookedMessage& message : messages_) {
    if (message.standing != BookedMessage::Standing::accepted) continue;
    ++(message.is_notice ? figures.notices : figures.messages);
    if (message.is_notice) continue;
    figures.recipients += message.count;
    for (Index i = message.first; i < message.first + message.count; ++i) {
      const BookedRecipient& entry = recipients_[i];
      const bool told = entry.notices[static_cast<int>(NoticeKind::failure)] > 0;
      if (entry.stage == RecipientStage::removed)
        ++figures.removed;
      else if (entry.stage == RecipientStage::delivered || (entry.deliveries > 0 && !told))
        ++figures.delivered;
      else if (told)
        ++figures.bounced;
      else
        ++figures.silent;
    }
  }
  figures.repeats = repeats_;
  figures.offers = offers_;
  figures.slowest = slowest_;
  figures.latest = latest_;
  return figures;
}

}  // namespace mxpress::sim
