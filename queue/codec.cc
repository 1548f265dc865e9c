// Translates the spool's values to and from protobuf.
#include "queue/codec.h"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <cstddef>

#include "proto/spool.pb.h"
#include "queue/sites.h"

namespace mxpress::queue {
namespace {

Error damaged(const char* what) { return Error::permanent(std::string("damaged record of the spool: ") + what); }

std::int64_t to_ms(WallTime time) { return time.time_since_epoch().count(); }
WallTime to_time(std::int64_t ms) { return WallTime(Duration(ms)); }

// A protobuf message used only for encoding: on the stack as far as it fits, without an allocation for each of its parts.
template <class Message>
class Draft {
 public:
  Message* operator->() { return message_; }

 private:
  alignas(std::max_align_t) char block_[4096];
  google::protobuf::Arena arena_{block_, sizeof block_};
  Message* message_ = google::protobuf::Arena::CreateMessage<Message>(&arena_);
};

template <class Message>
bool parse(Message& message, std::string_view bytes) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

void write(const proto::HostResult& from, pb::HostResult& to) {
  to.set_stage(static_cast<std::uint32_t>(from.stage));
  to.set_host(from.host);
  to.set_address(from.address);
  to.set_tls(from.tls);
  to.set_status_class(static_cast<std::uint32_t>(from.status.klass));
  to.set_status_subject(static_cast<std::uint32_t>(from.status.subject));
  to.set_status_detail(static_cast<std::uint32_t>(from.status.detail));
  to.set_reply_code(static_cast<std::uint32_t>(from.reply_code));
  to.set_text(from.text);
  to.set_maybe_delivered(from.maybe_delivered);
}

proto::HostResult read(const pb::HostResult& from) {
  proto::HostResult to;
  const auto last = static_cast<std::uint32_t>(proto::Stage::auth);
  to.stage = from.stage() <= last ? static_cast<proto::Stage>(from.stage()) : proto::Stage::none;
  to.host = from.host();
  to.address = from.address();
  to.tls = from.tls();
  to.status = {static_cast<int>(from.status_class()), static_cast<int>(from.status_subject()), static_cast<int>(from.status_detail())};
  to.reply_code = static_cast<int>(from.reply_code());
  to.text = from.text();
  to.maybe_delivered = from.maybe_delivered();
  return to;
}

void write(const proto::ShareOwner& from, pb::Submitter& to) {
  using Kind = proto::ShareOwner::Kind;
  if (from.kind() == Kind::user) to.set_share_uid(static_cast<std::int64_t>(from.number_in_record()));
  if (from.kind() == Kind::ipv4) to.set_share_ipv4(static_cast<std::uint32_t>(from.number_in_record()));
  if (from.kind() == Kind::ipv6_network) to.set_share_ipv6_network(from.number_in_record());
  if (from.kind() == Kind::host) to.set_share_host(true);
}

void write(const proto::Envelope& from, pb::Envelope& to) {
  to.set_reverse_path(from.reverse_path.to_string());
  to.set_author(from.author);
  to.set_held_because(from.held_because);
  to.set_is_as_other(from.is_as_other);
  if (from.refused) {
    to.set_refused_because(from.refused.text);
    to.set_refused_subject(static_cast<std::uint32_t>(from.refused.status.subject));
    to.set_refused_detail(static_cast<std::uint32_t>(from.refused.status.detail));
  }
  for (const auto& recipient : from.recipients) {
    auto& r = *to.add_recipients();
    r.set_mailbox(recipient.mailbox.to_string());
    r.set_original_recipient(recipient.original_recipient);
    r.set_forwards(recipient.forwards);
    if (!recipient.notify.given) continue;
    r.mutable_notify()->set_success(recipient.notify.success);
    r.mutable_notify()->set_failure(recipient.notify.failure);
    r.mutable_notify()->set_delay(recipient.notify.delay);
  }
  to.set_ret(static_cast<std::uint32_t>(from.ret));
  to.set_envid(from.envid);
  to.set_body(static_cast<std::uint32_t>(from.body));
  to.set_has_long_lines(from.has_long_lines);
  to.set_is_notice(from.is_notice);
  to.set_submitted(to_ms(from.submitted));
  to.set_tls(static_cast<std::uint32_t>(from.tls));
  auto& by = *to.mutable_submitter();
  by.set_entrance(from.submitter.entrance);
  by.set_uid(from.submitter.uid);
  by.set_pid(from.submitter.pid);
  by.set_program(from.submitter.program);
  by.set_unit(from.submitter.unit);
  by.set_client_address(from.submitter.client_address);
  by.set_client_name(from.submitter.client_name);
  if (from.submitter.uid < 0) write(from.submitter.share, by);
  if (from.submitter.forwarder >= 0) by.set_forwarder(from.submitter.forwarder);
}

Result<proto::Recipient> read(const pb::Recipient& from) {
  auto mailbox = proto::Mailbox::parse(from.mailbox());
  if (!mailbox) return damaged("a recipient is no mailbox");
  proto::Recipient to{std::move(*mailbox), {}, from.original_recipient(), 0};
  to.forwards = static_cast<std::uint8_t>(std::min<std::uint32_t>(from.forwards(), proto::kMostForwards));
  if (from.has_notify()) to.notify = {true, from.notify().success(), from.notify().failure(), from.notify().delay()};
  return to;
}

proto::ShareOwner read_share(const pb::Submitter& from) {
  if (from.has_share_uid()) return proto::ShareOwner::user(from.share_uid());
  if (from.has_share_ipv4()) return proto::ShareOwner::ipv4(from.share_ipv4());
  if (from.has_share_ipv6_network()) return proto::ShareOwner::ipv6_network(from.share_ipv6_network());
  if (from.share_host()) return proto::ShareOwner::host();
  return {};
}

proto::Submitter read(const pb::Submitter& from) {
  return {from.entrance(),    from.uid(),       from.pid(),
          from.program(),     from.unit(),      from.client_address(),
          from.client_name(), read_share(from), from.has_forwarder() ? std::max<std::int64_t>(from.forwarder(), -1) : -1};
}

Result<proto::Envelope> read(const pb::Envelope& from) {
  proto::Envelope to;
  if (!from.reverse_path().empty()) {
    auto mailbox = proto::Mailbox::parse(from.reverse_path());
    if (!mailbox) return damaged("the reverse-path is no mailbox");
    to.reverse_path = proto::ReversePath(std::move(*mailbox));
  }
  to.author = from.author();
  to.held_because = from.held_because();
  to.is_as_other = from.is_as_other();
  if (from.refused_subject() > 999 || from.refused_detail() > 999) return damaged("an impossible status");
  to.refused = {{5, static_cast<int>(from.refused_subject()), static_cast<int>(from.refused_detail())}, from.refused_because()};
  to.recipients.reserve(static_cast<std::size_t>(from.recipients_size()));
  for (const auto& r : from.recipients()) {
    auto recipient = read(r);
    if (!recipient) return recipient.error();
    to.recipients.push_back(std::move(*recipient));
  }
  if (from.ret() > 2 || from.body() > 1 || from.tls() > 2) return damaged("an unknown kind of envelope");
  to.ret = static_cast<proto::Return>(from.ret());
  to.envid = from.envid();
  to.body = static_cast<proto::BodyType>(from.body());
  to.has_long_lines = from.has_long_lines();
  to.is_notice = from.is_notice();
  to.submitter = read(from.submitter());
  to.submitted = to_time(from.submitted());
  to.tls = static_cast<proto::TlsWish>(from.tls());
  return to;
}

void write(const RecipientState& from, pb::RecipientState& to) {
  to.set_stage(static_cast<std::uint32_t>(from.stage));
  to.set_attempts(from.attempts);
  to.set_next_try(to_ms(from.next_try));
  to.set_delay_notice_sent(from.delay_notice_sent);
  to.set_expired(from.expired);
  if (from.last) write(*from.last, *to.mutable_last());
  to.set_last_time(to_ms(from.last_time));
}

Result<RecipientState> read(const pb::RecipientState& from) {
  if (from.stage() > static_cast<std::uint32_t>(RecipientStage::removed)) return damaged("an unknown stage of a recipient");
  RecipientState to;
  to.stage = static_cast<RecipientStage>(from.stage());
  to.attempts = from.attempts();
  to.next_try = to_time(from.next_try());
  to.delay_notice_sent = from.delay_notice_sent();
  to.expired = from.expired();
  if (from.has_last()) to.last = read(from.last());
  to.last_time = to_time(from.last_time());
  return to;
}

std::string bytes_of(const Settlement& from) {
  Draft<pb::Settlement> to;
  to->set_time(to_ms(from.attempt.time));
  for (const auto i : from.attempt.recipients) to->add_recipients(i);
  for (const auto& host : from.attempt.hosts) {
    auto& h = *to->add_hosts();
    write(host.result, *h.mutable_result());
    h.set_started(to_ms(host.started));
    h.set_connect(host.connect.count());
    h.set_total(host.total.count());
    h.set_reused_session(host.reused_session);
  }
  for (const auto& change : from.changes) {
    auto& c = *to->add_changes();
    c.set_recipient(change.recipient);
    write(change.state, *c.mutable_state());
  }
  return to->SerializeAsString();
}

std::string bytes_of(const ActionTaken& from) {
  pb::Action to;
  to.set_kind(static_cast<std::uint32_t>(from.kind));
  to.set_time(to_ms(from.time));
  return to.SerializeAsString();
}

std::string bytes_of(const Told& from) {
  pb::Told to;
  for (const auto i : from.recipients) to.add_recipients(i);
  to.set_kind(static_cast<std::uint32_t>(from.kind));
  to.set_time(to_ms(from.time));
  return to.SerializeAsString();
}

Attempt read_attempt(const pb::Settlement& from) {
  Attempt to{to_time(from.time()), {from.recipients().begin(), from.recipients().end()}, {}};
  for (const auto& h : from.hosts())
    to.hosts.push_back({read(h.result()), to_time(h.started()), Duration(h.connect()), Duration(h.total()), h.reused_session()});
  return to;
}

Result<StateChange> read_settlement(QueueId id, std::string_view bytes) {
  pb::Settlement from;
  if (!parse(from, bytes)) return damaged("an attempt does not parse");
  Settlement to{id, read_attempt(from), {}};
  for (const auto& change : from.changes()) {
    auto state = read(change.state());
    if (!state) return state.error();
    to.changes.push_back({change.recipient(), std::move(*state)});
  }
  return StateChange(std::move(to));
}

Result<StateChange> read_action(std::string_view bytes) {
  pb::Action from;
  if (!parse(from, bytes) || from.kind() > static_cast<std::uint32_t>(ActionKind::bounce)) return damaged("an action does not parse");
  return StateChange(ActionTaken{static_cast<ActionKind>(from.kind()), to_time(from.time())});
}

bool is_kind_of_notice(std::uint32_t kind) { return kind <= static_cast<std::uint32_t>(NoticeKind::forward); }

Result<StateChange> read_told(std::string_view bytes) {
  pb::Told from;
  if (!parse(from, bytes) || !is_kind_of_notice(from.kind())) return damaged("a notice does not parse");
  return StateChange(Told{
      {from.recipients().begin(), from.recipients().end()}, static_cast<NewMessage::NoticeFor::Kind>(from.kind()), to_time(from.time())});
}

}  // namespace

std::string encode(const Accepted& accepted) {
  Draft<pb::Accepted> to;
  write(accepted.envelope, *to->mutable_envelope());
  to->set_drop_name(accepted.drop_name);
  for (const auto& notice : accepted.notice_for) {
    auto& n = *to->add_notice_for();
    n.set_message(notice.message.value);
    for (const auto i : notice.recipients) n.add_recipients(i);
    n.set_kind(static_cast<std::uint32_t>(notice.kind));
  }
  to->set_accepted_at(accepted.accepted_at.count());
  return to->SerializeAsString();
}

Result<Accepted> decode_accepted(std::string_view bytes) {
  pb::Accepted from;
  if (!parse(from, bytes)) return damaged("an envelope does not parse");
  auto envelope = read(from.envelope());
  if (!envelope) return envelope.error();
  Accepted to{std::move(*envelope), from.drop_name(), {}, Duration(std::max<std::int64_t>(0, from.accepted_at()))};
  for (const auto& notice : from.notice_for()) {
    if (!is_kind_of_notice(notice.kind())) return damaged("an unknown kind of notice");
    to.notice_for.push_back({QueueId{notice.message()},
                             {notice.recipients().begin(), notice.recipients().end()},
                             static_cast<NewMessage::NoticeFor::Kind>(notice.kind())});
  }
  return to;
}

std::string encode(const StateChange& change) {
  return std::visit([](const auto& what) { return bytes_of(what); }, change);
}

RecordType record_type(const StateChange& change) {
  constexpr RecordType types[] = {RecordType::attempt, RecordType::action, RecordType::told};
  return types[change.index()];
}

Result<StateChange> decode_change(RecordType type, QueueId id, std::string_view bytes) {
  if (type == RecordType::attempt) return read_settlement(id, bytes);
  if (type == RecordType::action) return read_action(bytes);
  if (type == RecordType::told) return read_told(bytes);
  return damaged("not a change of state");
}

std::string encode(const SiteRecord& site) {
  pb::Site to;
  to.set_site(site.site);
  to.set_failures(site.failures);
  to.set_next_probe(to_ms(site.next_probe));
  if (site.last) write(*site.last, *to.mutable_last());
  return to.SerializeAsString();
}

Result<SiteRecord> decode_site(std::string_view bytes) {
  pb::Site from;
  if (!parse(from, bytes)) return damaged("a site does not parse");
  SiteRecord to{from.site(), from.failures(), to_time(from.next_probe()), std::nullopt};
  if (from.has_last()) to.last = read(from.last());
  return within_limits(std::move(to));  // earlier versions wrote longer ones
}

std::string encode(const SegmentInfo& segment) {
  pb::Segment to;
  to.set_run(segment.run);
  if (!segment.ended.empty()) {
    to.set_previous_segment(segment.ended.back().segment);
    to.set_previous_end(segment.ended.back().end);
  }
  for (std::size_t i = 0; i + 1 < segment.ended.size(); ++i) {
    auto& earlier = *to.add_earlier();
    earlier.set_segment(segment.ended[i].segment);
    earlier.set_end(segment.ended[i].end);
  }
  return to.SerializeAsString();
}

Result<SegmentInfo> decode_segment(std::string_view bytes) {
  pb::Segment from;
  if (!parse(from, bytes)) return damaged("the beginning of a journal segment does not parse");
  SegmentInfo to{from.run()};
  for (const auto& earlier : from.earlier()) to.ended.push_back({earlier.segment(), earlier.end()});
  if (from.previous_segment() != 0) to.ended.push_back({from.previous_segment(), from.previous_end()});
  return to;
}

std::string encode_ended(WallTime time) {
  pb::Ended to;
  to.set_time(to_ms(time));
  return to.SerializeAsString();
}

Result<WallTime> decode_ended(std::string_view bytes) {
  pb::Ended from;
  if (!parse(from, bytes)) return damaged("the end of a message does not parse");
  return to_time(from.time());
}

}  // namespace mxpress::queue
