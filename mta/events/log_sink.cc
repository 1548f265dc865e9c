// Makes log lines from events: one for each recipient of an attempt, or withdrawn by an operator.
#include "mta/events/log_sink.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "dns/async.h"
#include "dns/target.h"
#include "mta/net/tls_result.h"
#include "mta/system/log.h"
#include "mta/system/log_limit.h"
#include "proto/explanation.h"
#include "queue/changes.h"

namespace mxpress::mta::events {
namespace {

using queue::ActionKind;
using Kind = queue::NoticeKind;

void add_result(LogLine& line, const proto::HostResult& result) {
  if (!result.host.empty() || !result.address.empty()) line.add_joined("host", {result.host, "[", result.address, "]"});
  line.add("tls", result.tls.empty() ? "none" : result.tls);
  line.add("stage", proto::to_string(result.stage));
  line.add("status", result.status.to_string());
  line.add("reply", result.text);
  if (result.maybe_delivered) line.add("maybe_delivered", "yes");
}

void add_envelope(LogLine& line, std::string_view reverse_path, std::string_view recipient, std::string_view original) {
  line.add_joined("from", {"<", reverse_path, ">"});
  line.add_joined("to", {"<", recipient, ">"});
  if (!original.empty()) line.add_joined("orig_to", {"<", original, ">"});
}

std::string_view event_name(Kind kind) {
  if (kind == Kind::delay) return "delay_notice";
  return kind == Kind::success ? "success_notice" : "bounced";
}

// Appended to `line`, which names the event.
void add_outcome(LogLine& line, const Attempted& attempted, const RecipientOutcome& recipient) {
  line.add("outcome", to_string(recipient.disposition));
  add_envelope(line, attempted.reverse_path, recipient.recipient, recipient.original_recipient);
  if (recipient.result) add_result(line, *recipient.result);
  if (!recipient.kind.empty()) line.add("class", recipient.kind).add("who", recipient.who);
  if (!recipient.cause.empty()) line.add("cause", recipient.cause);
  line.add("delay", attempted.delay);
  if (recipient.host) {
    line.add("connect", recipient.host->connect).add("session", recipient.host->total);
    if (recipient.host->reused_session) line.add("reused", "yes");
  }
  if (recipient.next_try) line.add("next_try_in", std::max(Duration(0), *recipient.next_try - Clock::current().wall()));
}

LogLine line_of(const Attempted& attempted, const RecipientOutcome& recipient) {
  const Priority priority = recipient.disposition == Disposition::delivered ? Priority::info : Priority::notice;
  LogLine line(priority, attempted.message, recipient.disposition == Disposition::expired ? "expired" : "attempt");
  add_outcome(line, attempted, recipient);
  return line;
}

LogLine line_of(const Acted& acted, const Acted::Withdrawn& withdrawn) {
  const std::string_view outcome = acted.action == ActionKind::remove ? "removed" : "returned";
  LogLine line(Priority::notice, acted.message, outcome);
  line.add("outcome", outcome).add("by_uid", acted.uid);
  add_envelope(line, acted.reverse_path, withdrawn.recipient, withdrawn.original_recipient);
  return line;
}

// Where lines go.
struct ToLog {
  static void put(const LogLine& line) { log(line); }
  static void put(LogLine line, LogRoom::Hold room) { log(std::move(line), std::move(room)); }
  static bool may_put(const fairness::Owner& owner, std::string_view event) { return may_log(owner, event); }
};
struct ToFunction {
  const std::function<void(const LogLine&)>& use;
  void put(const LogLine& line) const { use(line); }
  static bool may_put(const fairness::Owner&, std::string_view) { return true; }
};

template <class To>
struct Writer {
  To out;

  // The last line holds the room of all lines.
  template <class Each>
  void write_all(const std::vector<Each>& each, LogRoom::Hold& room, const auto& make_line) const {
    for (const Each& one : each) put(make_line(one), &one == &each.back() ? &room : nullptr);
  }
  void put(const LogLine& line) const { out.put(line); }
  void put(LogLine line, LogRoom::Hold* room) const {
    if constexpr (std::is_same_v<To, ToLog>)
      out.put(std::move(line), room ? std::move(*room) : LogRoom::Hold());
    else
      out.put(line);
  }

  void operator()(const Accepted& event) const {
    const proto::Submitter& submitter = event.envelope.submitter;
    LogLine line(Priority::info, event.message, "accepted");
    line.add("from", event.envelope.reverse_path.in_brackets()).add("size", static_cast<std::int64_t>(event.size));
    line.add("nrcpt", static_cast<std::int64_t>(event.envelope.recipients.size())).add("entrance", submitter.entrance);
    if (event.envelope.tls == proto::TlsWish::require) line.add("requiretls", "yes");
    if (event.envelope.tls == proto::TlsWish::waive) line.add("tls-required", "no");
    if (submitter.uid >= 0) line.add("uid", submitter.uid);
    if (!submitter.program.empty()) line.add("program", submitter.program);
    if (!submitter.unit.empty()) line.add("unit", submitter.unit);
    if (!submitter.client_address.empty()) line.add("client", submitter.client_address);
    if (!event.message_id.empty()) line.add("message-id", event.message_id);
    put(std::move(line), &event.log_room);
  }
  void operator()(const Attempted& event) const {
    write_all(event.recipients, event.log_room, [&](const RecipientOutcome& one) { return line_of(event, one); });
  }
  void operator()(const Unrecorded& event) const {
    write_all(event.attempted.recipients, event.attempted.log_room, [&](const RecipientOutcome& one) {
      LogLine line(Priority::error, event.attempted.message, "unrecorded");
      line.add("reason", event.reason);
      add_outcome(line, event.attempted, one);
      return line;
    });
  }
  // Hold, release and retry are logged by the line about the operator's command.
  void operator()(const Acted& event) const {
    write_all(event.withdrawn, event.log_room, [&](const Acted::Withdrawn& one) { return line_of(event, one); });
  }
  void operator()(const NoticeSent& event) const {
    put(LogLine(Priority::notice, event.message, event_name(event.kind))
            .add("to", event.to.in_brackets())
            .add("notice", event.notice.to_string())
            .add("recipients", static_cast<std::int64_t>(event.recipients)));
  }
  void operator()(const NoticeLeftOut& event) const {
    put(LogLine(Priority::notice, event.message, "delay_notice_left_out").add("reason", "its sender has had too many of them"));
  }
  void operator()(const NoticeKept& event) const {
    put(LogLine(Priority::warning, event.message, "kept_locally").add("mailbox", event.mailbox));
  }
  void operator()(const NoticeWaits& event) const {
    if (!out.may_put(event.owner, "notice_waits")) return;
    const Priority priority = event.why == NoticeWaits::Why::no_room_on_disk ? Priority::error : Priority::notice;
    put(LogLine(priority, event.message, "notice_waits").add("reason", event.reason));
  }
  void operator()(const NoticePostponed& event) const {
    put(LogLine(Priority::notice, event.message, "notice_postponed").add("for", event.wait));
  }
  void operator()(const NoticeNotStored& event) const {
    if (!out.may_put(event.owner, "notice_not_stored")) return;
    put(LogLine(Priority::error, event.message, "notice_not_stored").add("reason", event.reason));
  }
  void operator()(const NoticeNotKept& event) const {
    if (!out.may_put(event.owner, "notice_not_kept")) return;
    put(LogLine(Priority::error, event.message, "notice_not_kept").add("reason", event.reason));
  }
  void operator()(const HeaderBroken& event) const {
    LogLine line(Priority::notice, event.message, "header_broken");
    line.add("host", event.host);
    line.add("why", "a header line of over 998 octets has no space to fold it at; it was broken after 998 octets");
    put(line);
  }
  void operator()(const FamilyChanged& event) const {
    const std::string_view from = family_name(event.from_v6), to = family_name(!event.from_v6);
    LogLine line(Priority::notice, event.message, "other_family");
    line.add_joined("why", {"refused over ", from, "; tried over ", to, ": ", event.end});
    add_result(line, event.refusal);
    put(line);
  }
  void operator()(const Conversed&) const {}  // the outcome of the attempt is logged
  // Logs a host that does not fulfil the policy, even if mail is sent nevertheless.
  void operator()(const Connected& event) const {
    const net::TlsResult& tls = event.tls;
    if (tls.failure == net::TlsFailure::none || tls.wanted.kind() <= net::TlsPolicy::Kind::may) return;
    LogLine line(Priority::notice, event.message, "tls");
    line.add_joined("host", {event.target.host, "[", event.target.address_text(), "]"});
    line.add("policy", net::to_string(tls.wanted.kind()));
    if (!tls.wanted.source().empty()) line.add("source", tls.wanted.source());
    line.add("level", net::to_string(tls.reached)).add("failure", net::to_string(tls.failure));
    if (!tls.detail.empty()) line.add("why", tls.detail);
    put(line);
  }
  void operator()(const SiteFailed& event) const {
    // One alert for a refused password: only the administrator can solve that. A password that cannot be read (4.3.5) has its own alert.
    const bool is_refused = event.result.stage == proto::Stage::auth && event.result.status.subject != 3;
    const bool is_alert = is_refused && event.failures == 1;
    LogLine line(is_alert ? Priority::alert : Priority::warning, "site");
    line.add("hosts", event.hosts).add("failures", static_cast<std::int64_t>(event.failures));
    add_result(line, event.result);
    line.add("next_probe_in", std::max(Duration(0), event.next_probe - Clock::current().wall()));
    put(line);
  }
  void operator()(const SiteRecovered&) const {}  // the deliveries show it
  // Nobody is called for what passes by itself.
  void operator()(const OwnFault& event) const {
    LogLine line(event.who == proto::Actor::nobody ? Priority::warning : Priority::alert, "refused");
    line.add("hosts", event.hosts).add("class", event.kind);
    add_result(line, event.result);
    line.add("reason", event.cause);
    std::string note =
        "Such mail is kept, and tried again every 4 hours. It is for " + std::string(proto::in_words(event.who)) + " to act: ";
    note.append(event.todo).append(event.link.empty() ? "" : " See, or write to: ").append(event.link);
    if (event.who != proto::Actor::nobody) line.add("note", note);
    put(line);
  }
  void operator()(const LoginRefused&) const {}
  void operator()(const OutageBegan& event) const {
    LogLine line(Priority::alert, "outage");
    line.add("way", event.way).add("reason", event.reason).add("note", event.advice);
    put(line);
  }
  void operator()(const OutageEnded& event) const {
    LogLine line(Priority::notice, "outage_over");
    line.announce().add("way", event.way).add("lasted", event.lasted).add("note", "what waits is sent now");
    put(line);
  }
  void operator()(const SetAside& event) const {
    put(LogLine(Priority::alert, event.message, "set_aside")
            .add("reason", "mxpressd died more than once while it handled this message, last of " + std::string(event.death))
            .add("note", "it is held; other mail goes on"));
  }
  // A lost record is reported once.
  void operator()(const KeyRecordSeen& event) const {
    using What = KeyRecordSeen::What;
    const Priority priority = event.what == What::lost ? Priority::alert : event.what == What::waits ? Priority::warning : Priority::notice;
    LogLine line(priority, "dkim");
    line.add("key", to_string(event.what)).add("domain", event.domain).add("selector", event.selector);
    if (!event.reason.empty()) line.add("reason", event.reason);
    put(line);
  }
  void operator()(const Unreadable& event) const { put(LogLine(Priority::error, event.message, "unreadable").add("reason", event.reason)); }
};

}  // namespace

void LogSink::take(const Event& event) { std::visit(Writer<ToLog>{}, event); }

void for_each_log_line(const Event& event, const std::function<void(const LogLine&)>& use) { std::visit(Writer<ToFunction>{{use}}, event); }

std::uint64_t LogSink::dropped() const { return log_backlog().lost; }

}  // namespace mxpress::mta::events
