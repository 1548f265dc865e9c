// Records, in words.
#include "mta/control/story.h"

#include <algorithm>
#include <utility>

#include "mta/control/describe.h"
#include "mta/routing/aliases.h"
#include "proto/ascii.h"
#include "proto/control.pb.h"
#include "proto/printable.h"
#include "queue/changes.h"
#include "queue/message.h"

namespace mxpress::mta::control {
namespace {

using history::RecipientView;
using history::RecordKind;
using history::RecordView;

constexpr std::size_t kMostOfLine = 400;

std::string clean(std::string_view text) { return proto::printable(text, kMostOfLine); }

FateKind kind_of(events::Disposition disposition) {
  switch (disposition) {
    case events::Disposition::delivered:
      return FateKind::delivered;
    case events::Disposition::failed:
      return FateKind::failed;
    case events::Disposition::expired:
      return FateKind::expired;
    case events::Disposition::deferred:
      break;
  }
  return FateKind::unknown;  // the queue knows more, if the message is still there
}

FateKind kind_of(const queue::RecipientState& state, const queue::Message& message) {
  const bool is_delivered = state.last && state.last->status.klass == 2;
  switch (state.stage) {
    case queue::RecipientStage::pending:
      return message.held ? FateKind::held : FateKind::waits;
    case queue::RecipientStage::delivered:
      return FateKind::delivered;
    case queue::RecipientStage::removed:
      return FateKind::removed;
    case queue::RecipientStage::notice_pending:
    case queue::RecipientStage::ended:
      break;
  }
  if (is_delivered) return FateKind::delivered;
  if (state.expired) return FateKind::expired;
  return state.last && proto::returned_by_operator(*state.last) ? FateKind::returned : FateKind::failed;
}

std::string_view verb_of(std::uint8_t action) {
  constexpr std::string_view kVerbs[] = {"held", "released", "to be tried now", "removed", "given up"};
  return action < std::size(kVerbs) ? kVerbs[action] : "changed";
}

std::string_view name_of_notice(std::uint8_t kind) {
  constexpr std::string_view kNames[] = {"a notice of failure", "a notice of delay", "a notice of success", "a copy by ~/.forward"};
  return kind < std::size(kNames) ? kNames[kind] : "a notice";
}

std::string and_more(std::size_t more) { return more == 0 ? "" : " and " + std::to_string(more) + " more"; }
std::string sender_text(std::string_view sender) { return sender.empty() ? "<>" : clean(sender); }

}  // namespace

void Story::add_line(WallTime time, std::string text) {
  if (lines_.size() < kMostLines)
    lines_.push_back({time, std::move(text)});
  else
    ++left_out_;
}

// The first call for a recipient is about its latest state.
void Story::settle(Fate fate, std::string_view original) {
  if (is_from_queue_) return;
  if (recipients_.size() >= most_recipients_ || !recipients_.emplace(fate.recipient, fate.kind).second) return;
  ++fate_.counts[static_cast<std::size_t>(fate.kind)];
  const bool is_wanted =
      !wanted_.empty() && (proto::equal_in_any_case(fate.recipient, wanted_) || proto::equal_in_any_case(original, wanted_));
  if (is_wanted_ && !is_wanted) return;
  const bool is_better = (is_wanted && !is_wanted_) || !is_explained_ || fate.kind < fate_.explained.kind;
  if (!is_better) return;
  is_explained_ = true;
  is_wanted_ = is_wanted;
  fate_.explained = std::move(fate);
}

void Story::take(const RecordView& record) {
  is_known_ = true;
  switch (record.kind) {
    case RecordKind::accepted:
      return accepted(record);
    case RecordKind::attempted:
      return attempted(record);
    case RecordKind::acted:
      return acted(record);
    case RecordKind::notice:
      return notice(record);
    case RecordKind::set_aside:
      return add_line(record.time, "held: it seems to have crashed mxpressd (" + clean(record.text) + ")");
    case RecordKind::dialogue:  // is kept elsewhere
      return;
  }
}

void Story::accepted(const RecordView& record) {
  for (const RecipientView& one : record.recipients) settle({FateKind::unknown, std::string(one.recipient), {}, {}, {}}, one.original);
  parts_ += record.recipients.size();
  if (record.continues) return;
  fate_.sender = record.sender;
  fate_.message_id = record.message_id;
  fate_.submitted = record.time;
  std::string to = record.recipients.empty() ? "nobody" : clean(record.recipients.front().recipient) + and_more(parts_ - 1);
  add_line(record.time,
           "accepted from " + sender_text(record.sender) + " for " + std::move(to) + ", " + std::to_string(record.size) + " octets");
}

// Recipients with the same result make one line.
void Story::attempted(const RecordView& record) {
  if (!fate_.submitted) fate_.sender = record.sender;
  for (std::size_t i = 0; i < record.recipients.size();) {
    const RecipientView& first = record.recipients[i];
    const auto result = history::result_of(first);
    std::size_t end = i;
    for (; end < record.recipients.size(); ++end) {
      const RecipientView& one = record.recipients[end];
      if (one.result.data() != first.result.data() || one.disposition != first.disposition) break;
      settle({kind_of(one.disposition), std::string(one.recipient), result, record.time, {}}, one.original);
    }
    std::string line(to_string(first.disposition));
    line += ": " + clean(first.recipient) + and_more(end - i - 1);
    if (result) line += ": " + said(*result).substr(0, kMostOfLine);
    add_line(record.time, std::move(line));
    i = end;
  }
}

void Story::acted(const RecordView& record) {
  const bool is_removal = record.what == static_cast<std::uint8_t>(queue::ActionKind::remove);
  for (const RecipientView& one : record.recipients)
    settle({is_removal ? FateKind::removed : FateKind::returned, std::string(one.recipient), {}, record.time, {}}, one.original);
  add_line(record.time,
           std::string(verb_of(record.what)) + " by " + (record.uid < 0 ? "an operator" : "uid " + std::to_string(record.uid)));
}

void Story::notice(const RecordView& record) {
  const std::string what(name_of_notice(record.what));
  if (record.notice == fate_.id)
    add_line(record.time, "made by mxpress: " + what + " about " + record.message.to_string());
  else
    add_line(record.time, what + " goes to " + sender_text(record.sender) + " as " + record.notice.to_string());
}

void Story::take(const queue::Message& message, WallTime now) {
  is_known_ = true;
  recipients_.clear();
  fate_.counts = {};
  is_explained_ = is_wanted_ = false;
  fate_.explained = {};
  fate_.sender = message.envelope.reverse_path.to_string();
  if (!fate_.submitted) fate_.submitted = message.envelope.submitted;
  for (std::size_t i = 0; i < message.envelope.recipients.size() && i < message.recipients.size(); ++i) {
    const queue::RecipientState& state = message.recipients[i];
    const FateKind kind = kind_of(state, message);
    Fate fate{kind, message.envelope.recipients[i].mailbox.to_string(), state.last, state.last_time, {}};
    if (kind == FateKind::waits && state.next_try > now) fate.next_try = state.next_try;
    settle(std::move(fate), routing::original_address(message.envelope.recipients[i]));
  }
  is_from_queue_ = true;
}

void Story::add_lines(control_pb::WhyInfo& info) const {
  for (auto line = lines_.rbegin(); line != lines_.rend(); ++line) {
    control_pb::HistoryLine& told = *info.add_line();
    told.set_time_ms(milliseconds(line->time));
    told.set_text(line->text);
  }
  info.set_earlier_lines(left_out_);
}

}  // namespace mxpress::mta::control
