// Writes and reads the octets of records.
#include "mta/history/record.h"

#include <algorithm>

#include "mta/history/octets.h"
#include "mta/routing/aliases.h"
#include "proto/envelope.h"
#include "queue/changes.h"
#include "queue/crc32c.h"

namespace mxpress::mta::history {
namespace {

constexpr std::size_t kFullFrame = 16 * 1024;                                  // further recipients get a frame of their own
constexpr std::size_t kMostOfDialogue = 32 * 1024;                             // octets
constexpr std::uint8_t kContinues = 1;                                         // flag of a record
constexpr std::uint8_t kResult = 16, kSame = 32, kOriginal = 64, kNext = 128;  // flags beside a disposition

// One event as frames.
class Frames {
 public:
  Frames(RecordKind kind, proto::QueueId id, WallTime time, std::string& scratch, const std::function<void(std::string_view)>& use)
      : kind_(kind), id_(id), time_(time), out_(scratch), use_(use) {}

  Writer begin(std::uint8_t flags = 0) {
    out_.assign(kFrameHead, '\0');
    Writer writer(out_);
    writer.octet(static_cast<std::uint8_t>(kind_));
    writer.octet(flags);
    writer.fixed(id_.value, 8);
    writer.time(time_);
    return writer;
  }
  void end() {
    const std::string_view payload = std::string_view(out_).substr(kFrameHead);
    std::string head;
    Writer(head).fixed(payload.size(), 4);
    Writer(head).fixed(queue::crc32c(payload), 4);
    out_.replace(0, kFrameHead, head);
    use_(out_);
  }
  // `head` writes what each frame begins with, `put` one recipient; its second argument is true for the first one of a frame.
  template <class List, class Head, class Put>
  void list(const List& recipients, Head head, Put put) {
    std::size_t done = 0;
    do {
      Writer writer = begin(done == 0 ? 0 : kContinues);
      head(writer);
      for (const std::size_t first = done; done < recipients.size() && (done == first || out_.size() < kFullFrame); ++done)
        put(writer, done, done == first);
      end();
    } while (done < recipients.size());
  }

 private:
  const RecordKind kind_;
  const proto::QueueId id_;
  const WallTime time_;
  std::string& out_;
  const std::function<void(std::string_view)>& use_;
};

void write(Writer& out, const proto::HostResult& result) {
  out.octet(static_cast<std::uint8_t>(result.stage));
  out.octet(result.maybe_delivered ? 1 : 0);
  for (const int number : {result.status.klass, result.status.subject, result.status.detail, result.reply_code})
    out.number(static_cast<std::uint64_t>(std::clamp(number, 0, 999)));
  for (const std::string* text : {&result.host, &result.address, &result.tls, &result.text}) out.text(*text);
}

// "<x@y> (comment)": "x@y".
std::string_view id_in(std::string_view field) {
  const std::size_t begin = field.find('<'), end = field.find('>', begin);
  return begin == std::string_view::npos || end == std::string_view::npos ? field : field.substr(begin + 1, end - begin - 1);
}

struct Encoder {
  WallTime now;
  std::string& scratch;
  const std::function<void(std::string_view)>& use;

  Frames frames(RecordKind kind, proto::QueueId id) const { return {kind, id, now, scratch, use}; }

  void operator()(const events::Accepted& event) const {
    const proto::Envelope& envelope = event.envelope;
    const std::string sender = envelope.reverse_path.to_string();
    const auto head = [&](Writer& out) {
      out.number(static_cast<std::uint64_t>(envelope.submitter.owner() + 1));
      out.number(event.size);
      out.text(sender);
      out.text(event.message_id.empty() ? event.added_message_id : id_in(event.message_id));
    };
    frames(RecordKind::accepted, event.message).list(envelope.recipients, head, [&](Writer& out, std::size_t i, bool) {
      const std::string original = routing::original_address(envelope.recipients[i]);
      out.octet(original.empty() ? 0 : kOriginal);
      out.text(envelope.recipients[i].mailbox.to_string());
      if (!original.empty()) out.text(original);
    });
  }

  void operator()(const events::Attempted& event) const {
    const auto& all = event.recipients;
    const auto head = [&](Writer& out) { out.text(event.reverse_path); };
    frames(RecordKind::attempted, event.message).list(all, head, [&](Writer& out, std::size_t i, bool is_first) {
      const events::RecipientOutcome& one = all[i];
      const bool is_same = !is_first && one.result && all[i - 1].result == one.result;
      const unsigned flags =
          (one.result ? is_same ? kSame : kResult : 0u) | (one.original_recipient.empty() ? 0u : kOriginal) | (one.next_try ? kNext : 0u);
      out.octet(static_cast<std::uint8_t>(static_cast<unsigned>(one.disposition) | flags));
      out.text(one.recipient);
      if (!one.original_recipient.empty()) out.text(one.original_recipient);
      if (one.next_try) out.time(*one.next_try);
      if (one.result && !is_same) write(out, *one.result);
    });
  }

  void operator()(const events::Acted& event) const {
    const auto head = [&](Writer& out) {
      out.octet(static_cast<std::uint8_t>(event.action));
      out.number(static_cast<std::uint64_t>(event.uid + 1));
    };
    frames(RecordKind::acted, event.message).list(event.withdrawn, head, [&](Writer& out, std::size_t i, bool) {
      const auto& one = event.withdrawn[i];
      out.octet(one.original_recipient.empty() ? 0 : kOriginal);
      out.text(one.recipient);
      if (!one.original_recipient.empty()) out.text(one.original_recipient);
    });
  }

  void operator()(const events::NoticeSent& event) const {
    Frames frame = frames(RecordKind::notice, event.message);
    Writer out = frame.begin();
    out.octet(static_cast<std::uint8_t>(event.kind));
    out.fixed(event.notice.value, 8);
    out.number(event.recipients);
    out.text(event.to.to_string());
    frame.end();
  }

  void operator()(const events::SetAside& event) const {
    Frames frame = frames(RecordKind::set_aside, event.message);
    frame.begin().text(event.death);
    frame.end();
  }

  void operator()(const events::Conversed& event) const {
    Frames frame = frames(RecordKind::dialogue, event.message);
    Writer out = frame.begin();
    out.number(static_cast<std::uint64_t>(event.uid + 1));
    out.rest(event.dialogue.substr(0, kMostOfDialogue));
    frame.end();
  }

  template <class Other>
  void operator()(const Other&) const {}
};

// Skips a result; returns its octets.
std::string_view skip_result(Reader& in) {
  const std::string_view begin = in.rest();
  in.fixed(2);
  for (int i = 0; i < 4; ++i) in.number();
  for (int i = 0; i < 4; ++i) in.text();
  return begin.substr(0, begin.size() - in.rest().size());
}

bool read_recipients(Reader& in, RecordView& record) {
  while (in.ok() && !in.at_end()) {
    RecipientView& one = record.recipients.emplace_back();
    const std::uint8_t flags = in.octet();
    one.disposition = static_cast<events::Disposition>(flags & 3);
    one.recipient = in.text();
    if (flags & kOriginal) one.original = in.text();
    if (flags & kNext) one.next_try = in.time();
    if (flags & kResult) one.result = skip_result(in);
    if ((flags & kSame) && record.recipients.size() > 1) one.result = record.recipients[record.recipients.size() - 2].result;
  }
  return in.ok();
}

}  // namespace

void encode(const events::Event& event, WallTime now, std::string& scratch, const std::function<void(std::string_view frame)>& use) {
  std::visit(Encoder{now, scratch, use}, event);
}

proto::ShareOwner owner_of(const events::Event& event) {
  if (const auto* accepted = std::get_if<events::Accepted>(&event)) return accepted->envelope.submitter.share_owner();
  if (const auto* attempted = std::get_if<events::Attempted>(&event)) return attempted->owner;
  if (const auto* acted = std::get_if<events::Acted>(&event)) return acted->owner;
  if (const auto* conversed = std::get_if<events::Conversed>(&event)) return conversed->owner;
  return {};
}

std::optional<proto::HostResult> result_of(const RecipientView& recipient) {
  if (recipient.result.empty()) return std::nullopt;
  Reader in(recipient.result);
  proto::HostResult result;
  const std::uint8_t stage = in.octet();
  if (stage > static_cast<std::uint8_t>(proto::Stage::auth)) return std::nullopt;
  result.stage = static_cast<proto::Stage>(stage);
  result.maybe_delivered = in.octet() != 0;
  for (int* number : {&result.status.klass, &result.status.subject, &result.status.detail, &result.reply_code})
    *number = static_cast<int>(std::min<std::uint64_t>(in.number(), 999));
  for (std::string* text : {&result.host, &result.address, &result.tls, &result.text}) *text = in.text();
  return in.ok() ? std::optional(std::move(result)) : std::nullopt;
}

bool decode(std::string_view payload, RecordView& record) {
  auto recipients = std::move(record.recipients);
  recipients.clear();
  record = {};
  record.recipients = std::move(recipients);
  Reader in(payload);
  record.kind = static_cast<RecordKind>(in.octet());
  record.continues = (in.octet() & kContinues) != 0;
  record.message.value = in.fixed(8);
  record.time = in.time();
  switch (record.kind) {
    case RecordKind::accepted:
      record.uid = static_cast<std::int64_t>(in.number()) - 1;
      record.size = in.number();
      record.sender = in.text();
      record.message_id = in.text();
      return read_recipients(in, record);
    case RecordKind::attempted:
      record.sender = in.text();
      return read_recipients(in, record);
    case RecordKind::acted:
      record.what = in.octet();
      record.uid = static_cast<std::int64_t>(in.number()) - 1;
      return read_recipients(in, record);
    case RecordKind::notice:
      record.what = in.octet();
      record.notice.value = in.fixed(8);
      record.size = in.number();
      record.sender = in.text();
      return in.ok();
    case RecordKind::set_aside:
      record.text = in.text();
      return in.ok();
    case RecordKind::dialogue:
      record.uid = static_cast<std::int64_t>(in.number()) - 1;
      record.text = in.rest();
      return in.ok();
  }
  return false;
}

std::string_view payload_of(std::string_view octets) {
  Reader in(octets);
  const std::uint64_t size = in.fixed(4), crc = in.fixed(4);
  if (!in.ok() || size == 0 || size > in.rest().size() || size > kMostOfFrame - kFrameHead) return {};
  const std::string_view payload = in.rest().substr(0, size);
  return queue::crc32c(payload) == crc ? payload : std::string_view();
}

}  // namespace mxpress::mta::history
