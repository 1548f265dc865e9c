// Stores the message that a ~/.forward makes of another one.
#include "mta/transport/forwarder.h"

#include <algorithm>
#include <string>
#include <utility>

#include "mta/config/config.h"
#include "mta/fairness/blocking.h"
#include "mta/routing/aliases.h"
#include "mta/routing/recipients.h"
#include "mta/system/crash_record.h"
#include "mta/system/spool_async.h"
#include "proto/ascii.h"
#include "queue/message_store.h"

namespace mxpress::mta::transport {
namespace {

constexpr std::string_view kDeliveredTo = "Delivered-To:";
constexpr std::size_t kBlock = 64u << 10;

// After a redirection no further ~/.forward is followed: one could lead back to it endlessly.
void end_at_redirection(std::vector<proto::Recipient>& recipients) {
  for (proto::Recipient& one : recipients)
    if (one.forwards == 0) one.forwards = proto::kMostForwards;
}

queue::NewMessage without_content(const Forwarder::From& from, std::vector<proto::Recipient> recipients) {
  queue::NewMessage copy;
  copy.envelope = from.message.envelope;
  copy.envelope.submitter.forwarder = from.forwarder;
  copy.envelope.recipients = std::move(recipients);
  copy.envelope.submitted = Clock::current().wall();
  copy.notice_for.push_back({from.message.id, {from.index}, queue::NoticeKind::forward});
  return copy;
}

// Calls `take` with each piece.
template <class Take>
Status read_pieces(const queue::Content& content, Take take) {
  std::string piece(kBlock, '\0');
  for (std::uint64_t offset = 0; offset < content.size();) {
    const auto got = content.read(offset, piece.data(), piece.size());
    if (!got) return got.error();
    if (*got == 0) return Error::transient("the content of the message ended early");
    offset += *got;
    if (Status status = take(std::string_view(piece).substr(0, *got)); !status) return status;
  }
  return {};
}

Status copy_content(queue::MessageStore& spool, const queue::Content& content, const std::string& front, queue::NewMessage& copy) {
  if (front.size() + content.size() <= queue::kInlineContent) {
    copy.content = front;
    return read_pieces(content, [&](std::string_view piece) { return copy.content.append(piece), Status(); });
  }
  auto large = spool.open_large();
  if (!large) return large.error();
  if (Status status = (*large)->append(front); !status) return status;
  if (Status status = read_pieces(content, [&](std::string_view piece) { return (*large)->append(piece); }); !status) return status;
  copy.large = std::move(*large);
  return {};
}

}  // namespace

bool was_delivered_to(std::string_view text, const proto::Mailbox& mailbox) {
  const std::string address = mailbox.to_string();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) return false;
    if (proto::starts_in_any_case(line, kDeliveredTo) && proto::trimmed(line.substr(kDeliveredTo.size())) == address) return true;
  }
  return false;
}

Task<Result<proto::QueueId>> Forwarder::forward(const From& from, std::vector<proto::Recipient> recipients, const Config& config) {
  const queue::Message& message = from.message;
  const std::string own = std::string(kDeliveredTo) + " " + message.envelope.recipients[from.index].mailbox.to_string() + "\r\n";
  const std::string front = own + routing::redirect_recipients(config, recipients);
  end_at_redirection(recipients);
  routing::drop_repetitions(recipients);
  queue::NewMessage copy = without_content(from, std::move(recipients));
  const proto::QueueId id = parts_.spool.next_id();
  copy.envelope.held_because = routing::hold_reason(config, copy.envelope);
  if (parts_.hold_excess && copy.envelope.held_because.empty()) parts_.hold_excess(config, id, copy.envelope);
  const proto::Envelope envelope = copy.envelope;
  auto write = [&spool = parts_.spool, &copy, &front, content = message.content, forwarded = message.id] {
    const system::HandlingNow now(forwarded);
    return copy_content(spool, *content, front, copy);
  };
  const fairness::FileTurns::Turn turn{envelope.submitter.share_owner(), 2 * message.content->size()};
  if (Status written = co_await fairness::run_blocking(parts_.files, turn, std::move(write)); !written) co_return written.error();
  auto stored = co_await mta::store(parts_.spool, id, std::move(copy));
  if (stored) parts_.admit(*stored, envelope);
  co_return stored;
}

}  // namespace mxpress::mta::transport
