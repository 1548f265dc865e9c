// The book: entries.
#include "tests/sim/ledger.h"

#include <algorithm>

#include "queue/crc32c.h"

namespace mxpress::sim {
namespace {

constexpr std::size_t kWrongsKept = 20;

bool is_open(RecipientStage stage) { return stage == RecipientStage::pending || stage == RecipientStage::notice_pending; }

}  // namespace

void Ledger::note(std::uint64_t what, std::uint64_t about) {
  hash_ = mix(hash_ ^ static_cast<std::uint64_t>(instant_now().time_since_epoch().count()), mix(what, about));
}

void Ledger::wrong(const std::string& what) {
  if (wrongs_.size() >= kWrongsKept) return;
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(instant_now().time_since_epoch()).count();
  wrongs_.push_back("at minute " + std::to_string(minutes) + ": " + what);
}

void Ledger::wrong_about(Index recipient, const std::string& what) {
  const BookedRecipient& entry = recipients_[recipient];
  wrong(messages_[entry.message].id.to_string() + " u" + std::to_string(recipient) + "@d" + std::to_string(entry.destination) +
        ".example: " + what);
}

Ledger::Index Ledger::index_of(QueueId id) const {
  const auto found = by_id_.find(id.value);
  return found == by_id_.end() ? queue::kNone : found->second;
}

Ledger::Index Ledger::submitted(QueueId id, const queue::NewMessage& from) {
  const auto index = static_cast<Index>(messages_.size());
  BookedMessage message;
  message.id = id;
  message.submitted = instant_now();
  message.is_notice = from.envelope.is_notice;
  message.null_sender = from.envelope.reverse_path.is_null();
  message.checksum = queue::crc32c(from.content);
  messages_.push_back(message);
  add_recipients(index, from);
  if (!by_id_.emplace(id.value, index).second) wrong("the id " + id.to_string() + " was given twice");
  if (!from.notice_for.empty()) notice_for_[index] = from.notice_for;
  for (const auto& notice : from.notice_for) ++messages_[index_of(notice.message)].in_doubt;
  note(1, id.value);
  return index;
}

void Ledger::add_recipients(Index index, const queue::NewMessage& from) {
  messages_[index].first = next_recipient();
  messages_[index].count = static_cast<std::uint32_t>(from.envelope.recipients.size());
  for (const auto& recipient : from.envelope.recipients) {
    BookedRecipient entry;
    entry.message = index;
    entry.destination = world_.destination_of(recipient.mailbox.domain().text());
    entry.wants_failure = recipient.notify.wants_failure() && !messages_[index].null_sender;
    entry.wants_success = recipient.notify.success && !messages_[index].null_sender;
    recipients_.push_back(entry);
  }
}

void Ledger::acknowledged(Index index) {
  for (const auto& notice : notice_for_.contains(index) ? notice_for_[index] : std::vector<queue::NewMessage::NoticeFor>{})
    --messages_[index_of(notice.message)].in_doubt;
  open_up(index);
  note(2, messages_[index].id.value);
}

// It is durable, so the events of its recipients count.
void Ledger::open_up(Index index) {
  BookedMessage& message = messages_[index];
  message.standing = BookedMessage::Standing::accepted;
  message.open = message.count;
  message.place = static_cast<std::uint32_t>(open_.size());
  open_.push_back(index);
  apply_told(index);
}

void Ledger::apply_told(Index notice) {
  const auto found = notice_for_.find(notice);
  if (found == notice_for_.end()) return;
  for (const auto& told : found->second) {
    const BookedMessage& about = messages_[index_of(told.message)];
    for (const auto position : told.recipients) {
      const Index index = about.first + position;
      BookedRecipient& entry = recipients_[index];
      if (++entry.notices[static_cast<int>(told.kind)] > 1) wrong_about(index, "a second notice of the same kind");
      if (told.kind != NoticeKind::delay && entry.stage == RecipientStage::notice_pending) set_stage(index, RecipientStage::ended);
    }
  }
}

void Ledger::set_stage(Index index, RecipientStage stage) {
  BookedRecipient& entry = recipients_[index];
  const bool was_open = is_open(entry.stage);
  entry.stage = stage;
  if (entry.unsettled && stage != RecipientStage::pending) {
    entry.unsettled = false;
    std::erase(unsettled_, index);
  }
  if (was_open && !is_open(stage) && --messages_[entry.message].open == 0) end(entry.message);
}

void Ledger::end(Index index) {
  BookedMessage& message = messages_[index];
  open_[message.place] = open_.back();
  messages_[open_.back()].place = message.place;
  open_.pop_back();
  if (message.held) std::erase(held_, index);
  message.held = false;
  note(3, message.id.value);
}

void Ledger::settling(const queue::Settlement& settlement) {
  const Index index = index_of(settlement.message);
  if (index == queue::kNone) return wrong("a settlement for an unknown message");
  ++messages_[index].in_doubt;
  for (const auto& change : settlement.changes) check_settlement(messages_[index].first + change.recipient, change, settlement.attempt);
}

// docs/spool.md, "States of a recipient".
void Ledger::settled(QueueId id, std::uint32_t position, RecipientStage reported) {
  const Index index = messages_[index_of(id)].first + position;
  const RecipientStage now = recipients_[index].stage;
  note(4 + static_cast<std::uint64_t>(reported), index);
  const bool late = reported == RecipientStage::delivered && now != RecipientStage::delivered;
  if (now == RecipientStage::pending || late || (now == RecipientStage::notice_pending && reported != RecipientStage::pending))
    set_stage(index, reported);
}

void Ledger::acting(QueueId id, queue::ActionKind action) {
  BookedMessage& message = messages_[index_of(id)];
  ++message.in_doubt;
  message.disturbed = true;
  if (action == queue::ActionKind::hold) return;
  for (Index i = message.first; i < message.first + message.count; ++i) recipients_[i].not_before = Instant{};
  if (action == queue::ActionKind::release) message.stopped_since = Instant::max();
}

void Ledger::acted(QueueId id, queue::ActionKind action) {
  const Index index = index_of(id);
  BookedMessage& message = messages_[index];
  note(10 + static_cast<std::uint64_t>(action), id.value);
  if (action == queue::ActionKind::hold && !message.held && message.open > 0) held_.push_back(index);
  if (action == queue::ActionKind::release && message.held) std::erase(held_, index);
  if (action == queue::ActionKind::hold && message.open > 0) message.held = true;
  if (action == queue::ActionKind::release) message.held = false;
  for (Index i = message.first; i < message.first + message.count; ++i) {
    BookedRecipient& entry = recipients_[i];
    if (action == queue::ActionKind::remove && is_open(entry.stage)) set_stage(i, RecipientStage::removed);
    if (action != queue::ActionKind::bounce || entry.stage != RecipientStage::pending) continue;
    entry.returned = true;
    set_stage(i, RecipientStage::notice_pending);
  }
}

void Ledger::stopped(QueueId id, queue::ActionKind action) {
  using queue::ActionKind;
  if (action == ActionKind::hold || action == ActionKind::remove || action == ActionKind::bounce)
    messages_[index_of(id)].stopped_since = instant_now();
}

void Ledger::crashed() {
  for (const Index index : unsettled_) {
    ++recipients_[index].excuses;
    recipients_[index].unsettled = false;
  }
  unsettled_.clear();
  ++run_;
  note(20, run_);
}

void Ledger::found(const queue::Message& from) {
  const Index index = index_of(from.id);
  if (index == queue::kNone) return wrong("recovery found " + from.id.to_string() + ", which nobody has submitted");
  BookedMessage& message = messages_[index];
  message.seen_in_run = run_;
  message.disturbed = true;
  if (message.standing != BookedMessage::Standing::accepted) {
    message.in_doubt = 1;
    open_up(index);
  }
  if (message.open == 0 && message.in_doubt == 0) return wrong("recovery found " + from.id.to_string() + ", which had ended");
  adopt(index, from);
}

// For data that was on its way to the disk, the disk decides if it got there; everything else is unchanged.
void Ledger::adopt(Index index, const queue::Message& from) {
  BookedMessage& message = messages_[index];
  if (from.recipients.size() != message.count) return wrong(from.id.to_string() + " has lost recipients");
  if (message.in_doubt == 0) return compare(from);
  for (std::uint32_t i = 0; i < message.count; ++i) {
    BookedRecipient& entry = recipients_[message.first + i];
    entry.not_before = Instant{};
    if (from.recipients[i].stage == RecipientStage::notice_pending && entry.stage == RecipientStage::pending) entry.returned = true;
    if (from.recipients[i].stage != entry.stage) set_stage(message.first + i, from.recipients[i].stage);
  }
  if (from.held != message.held && message.open > 0) {
    message.held = from.held;
    from.held ? held_.push_back(index) : static_cast<void>(std::erase(held_, index));
  }
  message.stopped_since = from.held ? instant_now() : Instant::max();
}

void Ledger::recovered(const std::function<Result<queue::Message>(QueueId)>& load) {
  const std::vector<Index> open = open_;
  for (const Index index : open) {
    if (messages_[index].seen_in_run == run_) continue;
    const auto message = load(messages_[index].id);
    if (message && message->ended && messages_[index].in_doubt > 0) {
      adopt(index, *message);
      if (messages_[index].open > 0) wrong(messages_[index].id.to_string() + " has ended with open recipients");
    } else {
      wrong(messages_[index].id.to_string() + " was accepted and is lost");
      for (Index i = messages_[index].first; i < messages_[index].first + messages_[index].count; ++i)
        set_stage(i, RecipientStage::removed);
    }
  }
  for (BookedMessage& message : messages_) message.in_doubt = 0;
}

void Ledger::compare(const queue::Message& from) {
  const BookedMessage& message = messages_[index_of(from.id)];
  if (message.in_doubt > 0) return;
  if (from.held != message.held) wrong(from.id.to_string() + " is held, or not, against the operator's word");
  for (std::uint32_t i = 0; i < message.count && i < from.recipients.size(); ++i)
    if (from.recipients[i].stage != recipients_[message.first + i].stage)
      wrong_about(message.first + i, "is in stage " + std::to_string(static_cast<int>(from.recipients[i].stage)) +
                                         ", was durable in stage " +
                                         std::to_string(static_cast<int>(recipients_[message.first + i].stage)));
}

}  // namespace mxpress::sim
