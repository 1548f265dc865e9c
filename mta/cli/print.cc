// The output of the mxpress command: control messages in words.
#include "mta/cli/print.h"

#include <pwd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <iomanip>
#include <ostream>
#include <utility>

#include "mta/cli/json.h"
#include "mta/control/health.h"
#include "mta/replies/reply_class.h"
#include "proto/ascii.h"
#include "proto/control.pb.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

constexpr std::size_t kMaxText = 1000;
constexpr std::size_t kOverShown = 10;  // recipients in a list

std::string clean(std::string_view text) { return proto::printable(text, kMaxText); }

WallTime wall(std::int64_t milliseconds) { return WallTime(Duration(milliseconds)); }

std::string local_time(std::int64_t milliseconds, const char* format) {
  const std::time_t seconds = milliseconds / 1000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, format, &parts));
}

std::string ago(std::int64_t milliseconds, WallTime now) { return rough(now - wall(milliseconds)) + " ago"; }

std::string ahead(std::int64_t milliseconds, WallTime now) {
  return wall(milliseconds) <= now ? std::string("now") : "in " + rough(wall(milliseconds) - now);
}

std::string sender_text(const control_pb::MessageInfo& message) { return message.sender().empty() ? "<>" : clean(message.sender()); }

std::string user_text(std::int64_t uid) {
  if (uid < 0) return "an unknown user";
  const passwd* entry = ::getpwuid(static_cast<uid_t>(uid));
  return "user " + (entry ? clean(entry->pw_name) + " (uid " + std::to_string(uid) + ")" : std::to_string(uid));
}

void print_submitter(std::ostream& out, const control_pb::MessageInfo& message) {
  out << "  handed in by " << user_text(message.uid()) << " through " << clean(message.entrance());
  if (!message.client_address().empty()) out << " from " << clean(message.client_address());
  if (!message.client_name().empty()) out << ", calling itself " << clean(message.client_name());
  out << "\n";
  if (message.program().empty() && message.unit().empty()) return;
  out << "  it seems by";
  if (!message.program().empty()) out << " program " << clean(message.program());
  if (!message.unit().empty()) out << (message.program().empty() ? "" : ",") << " service " << clean(message.unit());
  out << " (not verified)\n";
}

std::string waiting(const control_pb::RecipientInfo& recipient, WallTime now) {
  std::string text = "waits for its first attempt";
  if (recipient.attempts() != 0)
    text = "waits after " + std::to_string(recipient.attempts()) + (recipient.attempts() == 1 ? " attempt" : " attempts");
  else if (recipient.has_last() && recipient.last().stage() == "none" && recipient.last().host().empty())
    text = "waits for its turn";
  else if (recipient.has_last())
    text = "waits, as all mail for this domain does, until it can be reached";
  if (wall(recipient.next_try_ms()) <= now) return text + "; it is due now";
  return text + "; next try " + ahead(recipient.next_try_ms(), now) + " (" + local_time(recipient.next_try_ms(), "%Y-%m-%d %H:%M:%S") + ")";
}

std::string being_tried(const control_pb::RecipientInfo& recipient, WallTime now) {
  const std::string where = host_place(recipient.trying());
  return "being tried now, for " + rough(now - wall(recipient.trying_since_ms())) + (where.empty() ? "" : ": " + where);
}

std::string delivered(const control_pb::RecipientInfo& recipient, WallTime now) {
  return "delivered " + ago(recipient.last_time_ms(), now) + (recipient.has_last() ? "; " + host_words(recipient.last()) : std::string());
}

std::string standing(const control_pb::RecipientInfo& recipient, const control_pb::MessageInfo& message, WallTime now) {
  const std::string& stage = recipient.stage();
  if (stage == "delivered") return delivered(recipient, now);
  if (stage == "failed" || stage == "notice owed") return "could not be delivered; " + clean(recipient.told());
  if (stage == "expired") return "could not be delivered in time; " + clean(recipient.told());
  if (stage == "removed") return "removed from the queue; nobody was told";
  if (recipient.has_trying()) return being_tried(recipient, now);
  if (message.state() == "held") return "held until it is released (mxpress release " + clean(message.id()) + ")";
  return waiting(recipient, now);
}

void print_advice(std::ostream& out, const control_pb::HostReport& report) {
  if (report.reply_class().empty()) return;
  const auto who = replies::actor_named(report.who());
  out << "  to act: " << (who ? std::string(proto::in_words(*who)) : clean(report.who())) << " (" << clean(report.reply_class()) << ")\n";
  if (!report.todo().empty()) out << "  what to do: " << clean(report.todo()) << "\n";
  if (!report.link().empty()) out << "  see, or write to: " << clean(report.link()) << "\n";
}

void print_recipient(std::ostream& out, const control_pb::RecipientInfo& recipient, const control_pb::MessageInfo& message, WallTime now) {
  out << "To " << clean(recipient.address());
  if (!recipient.original().empty()) out << " (for " << clean(recipient.original()) << ")";
  out << ": " << standing(recipient, message, now) << "\n";
  if (!recipient.has_last() || recipient.stage() == "delivered") return;
  out << "  why: " << host_words(recipient.last()) << "\n";
  if (!recipient.last().meaning().empty()) out << "  that means: " << clean(recipient.last().meaning()) << "\n";
  print_advice(out, recipient.last());
  if (recipient.last().maybe_delivered()) out << "  the connection was lost at the very end: it may have been delivered all the same\n";
}

std::string seconds_text(std::int64_t milliseconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f s", static_cast<double>(milliseconds) / 1000);
  return text;
}

void print_change(std::ostream& out, const control_pb::HostAttemptInfo& host) {
  if (host.other_family().empty()) return;
  const bool to_v4 = host.other_family() == "IPv4";
  out << "      refused over " << (to_v4 ? "IPv6" : "IPv4") << ": tried over " << (to_v4 ? "IPv4" : "IPv6") << " next\n";
}

void print_host(std::ostream& out, const control_pb::HostAttemptInfo& host) {
  const control_pb::HostReport& report = host.report();
  out << "    " << host_words(report) << "\n      at: " << clean(report.stage()) << "; ";
  if (report.stage() == "lookup" || report.stage() == "connect") {
    out << "gave up after " << seconds_text(host.total_ms()) << "\n";
    return;
  }
  out << (report.tls().empty() ? std::string("not encrypted") : "encrypted: " + clean(report.tls())) << "; "
      << (host.reused_session() ? "over an open connection" : "connected in " + seconds_text(host.connect_ms())) << ", "
      << seconds_text(host.total_ms()) << " in all\n";
  print_change(out, host);
}

void print_attempt(std::ostream& out, const control_pb::AttemptInfo& attempt) {
  out << "  " << local_time(attempt.time_ms(), "%Y-%m-%d %H:%M:%S") << " for";
  for (int i = 0; i < attempt.recipient_size() && i < 5; ++i) out << (i == 0 ? " " : ", ") << clean(attempt.recipient(i));
  if (attempt.recipient_size() > 5) out << " and " << attempt.recipient_size() - 5 << " more";
  out << "\n";
  for (const control_pb::HostAttemptInfo& host : attempt.host()) print_host(out, host);
}

std::string messages_text(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " message" : " messages"); }

std::string who_sees_all(const Unlisted& unlisted) {
  return unlisted.who_sees_all.empty() ? "" : " (" + clean(unlisted.who_sees_all) + ")";
}

std::string dropped_text(const Unlisted& unlisted) {
  return messages_text(unlisted.dropped) + " of sendmail " + (unlisted.dropped == 1 ? "waits" : "wait") +
         " in the drop folder for mxpressd to take " + (unlisted.dropped == 1 ? "it" : "them") + ".\n";
}

std::string next_step(const control_pb::RecipientInfo& recipient, const control_pb::MessageInfo& message, WallTime now) {
  if (recipient.has_trying()) return being_tried(recipient, now);
  return message.state() == "held" ? "held" : "next try " + ahead(recipient.next_try_ms(), now);
}

void print_waiting(std::ostream& out, const control_pb::RecipientInfo& recipient, const control_pb::MessageInfo& message, WallTime now) {
  out << "    to " << clean(recipient.address()) << ", " << next_step(recipient, message, now);
  if (recipient.has_last()) out << ": " << host_words(recipient.last());
  out << "\n";
}

void print_over(std::ostream& out, const control_pb::RecipientInfo& recipient, const control_pb::MessageInfo& message, WallTime now) {
  out << "    to " << clean(recipient.address());
  if (!recipient.original().empty()) out << " (for " << clean(recipient.original()) << ")";
  out << ", " << standing(recipient, message, now);
  if (recipient.has_last() && recipient.stage() != "delivered") out << ": " << host_words(recipient.last());
  out << "\n";
}

}  // namespace

std::string host_place(const control_pb::HostReport& report) {
  const std::string host = clean(report.host()), address = clean(report.address());
  if (host.empty()) return address;
  return address.empty() ? host : host + " [" + address + "]";
}

std::string host_words(const control_pb::HostReport& report) {
  const std::string where = host_place(report), text = clean(report.text());
  if (where.empty()) return text;
  return where + (report.reply_code() != 0 ? " said: " : ": ") + text;
}

std::string rough(Duration duration) {
  std::int64_t seconds = std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(duration).count());
  struct Unit {
    std::int64_t size;
    char name;
  };
  std::string result;
  int used = 0;
  for (const Unit unit : {Unit{86400, 'd'}, Unit{3600, 'h'}, Unit{60, 'm'}, Unit{1, 's'}}) {
    if (seconds < unit.size && used == 0) continue;
    if (const std::int64_t count = seconds / unit.size; count != 0)
      result += (result.empty() ? "" : " ") + std::to_string(count) + unit.name;
    seconds %= unit.size;
    if (++used == 2) break;
  }
  return result.empty() ? "0s" : result;
}

std::string size_text(std::uint64_t octets) {
  if (octets < 1024) return std::to_string(octets) + " octets";
  double value = static_cast<double>(octets) / 1024;
  const char* unit = "KB";
  for (const char* next : {"MB", "GB", "TB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, unit);
  return text;
}

void print_destinations(std::ostream& out, const std::vector<control_pb::DestinationInfo>& destinations, const Unlisted& unlisted,
                        WallTime now) {
  if (unlisted.dropped != 0) out << dropped_text(unlisted);
  if (destinations.empty()) {
    out << (unlisted.dropped == 0 ? "The queue is empty.\n" : "");
    return;
  }
  out << std::left << std::setw(32) << "Destination" << std::right << std::setw(9) << "Messages" << std::setw(10) << "Oldest"
      << "  " << std::left << std::setw(12) << "Next try"
      << "Last reply\n";
  for (const control_pb::DestinationInfo& row : destinations) {
    const bool all_held = row.messages() != 0 && row.held() == row.messages();
    const bool all_end = row.messages() != 0 && row.ending() == row.messages();
    const std::string next = row.in_flight() != 0 ? "in flight" : all_held ? "held" : all_end ? "done" : ahead(row.next_try_ms(), now);
    out << std::left << std::setw(32) << clean(row.destination()) << std::right << std::setw(9) << row.messages() << std::setw(10)
        << rough(now - wall(row.oldest_ms())) << "  " << std::left << std::setw(12) << next
        << (row.has_last() ? host_words(row.last()) : std::string("-")) << "\n";
  }
}

void print_message_line(std::ostream& out, const control_pb::MessageInfo& message, const control::Conditions& conditions, WallTime now) {
  out << clean(message.id()) << " " << std::left << std::setw(9) << clean(message.state()) << std::right << std::setw(12)
      << (message.size() == 0 ? std::string("-") : size_text(message.size())) << std::setw(9) << rough(now - wall(message.submitted_ms()))
      << "  " << sender_text(message) << "\n";
  const bool are_asked_for = conditions.has_recipient() || message.state() == "ended";
  std::size_t over = 0;  // recipients that do not wait any more
  for (const control_pb::RecipientInfo& recipient : message.recipient()) {
    if (recipient.stage() == "pending")
      print_waiting(out, recipient, message, now);
    else if (are_asked_for && (!conditions.has_recipient() || conditions.name(recipient.address(), recipient.original())))
      if (++over <= kOverShown) print_over(out, recipient, message, now);
  }
  if (over > kOverShown) out << "    and " << over - kOverShown << " more (mxpress show " << clean(message.id()) << ")\n";
}

void print_end_of_messages(std::ostream& out, std::uint64_t listed, const Unlisted& unlisted) {
  if (unlisted.dropped != 0) out << dropped_text(unlisted);
  const std::string others = messages_text(unlisted.of_others) + " of other users ";
  const bool is_one = unlisted.of_others == 1;
  if (unlisted.of_others != 0 && listed == 0) {
    out << "No mail of yours waits; " << others << (is_one ? "does" : "do") << who_sees_all(unlisted) << ".\n";
  } else if (unlisted.of_others != 0) {
    out << others << (is_one ? "is" : "are") << " not listed" << who_sees_all(unlisted) << ".\n";
  } else if (listed + unlisted.dropped == 0) {
    out << "The queue is empty.\n";
  }
}

void print_json_unlisted(std::ostream& out, std::uint64_t listed, const Unlisted& unlisted) {
  if (unlisted.of_others + unlisted.dropped == 0) return;
  print_json(out, {{"listed", listed},
                   {"waiting", listed + unlisted.of_others + unlisted.dropped},
                   {"of_others", unlisted.of_others},
                   {"dropped", unlisted.dropped}});
}

void print_story(std::ostream& out, const control_pb::MessageInfo& message, WallTime now) {
  out << "Message " << clean(message.id()) << " (" << clean(message.state()) << ")\n"
      << "  from " << (message.is_notice() ? "mxpress itself: a notice to a sender" : sender_text(message)) << "\n";
  if (message.size() != 0) out << "  size " << size_text(message.size()) << "\n";
  out << "  handed in " << local_time(message.submitted_ms(), "%Y-%m-%d %H:%M:%S %z") << ", " << ago(message.submitted_ms(), now) << "\n";
  print_submitter(out, message);
  if (message.ended_ms() != 0) out << "  left the queue " << ago(message.ended_ms(), now) << "\n";
  out << "\n";
  for (const control_pb::RecipientInfo& recipient : message.recipient()) print_recipient(out, recipient, message, now);
  if (message.attempt_size() != 0) out << "\nAttempts\n";
  for (const control_pb::AttemptInfo& attempt : message.attempt()) print_attempt(out, attempt);
}

void print_counts(std::ostream& out, const control_pb::Counts& counts) {
  out << "since then " << counts.accepted() << " message(s) taken in; recipients: " << counts.delivered() << " delivered, "
      << counts.failed() << " failed, " << counts.expired() << " expired, " << counts.removed() << " removed, " << counts.returned()
      << " returned; put off " << counts.deferred() << " times\n"
      << "notices    " << counts.failure_notices() << " of failures, " << counts.delay_notices() << " of delays, "
      << counts.success_notices() << " of deliveries; " << counts.notices_kept() << " that nobody took, now in the mailbox\n"
      << "sessions   " << counts.sessions_verified() << " verified, " << counts.sessions_encrypted() << " encrypted, "
      << counts.sessions_clear() << " in clear text; " << counts.tls_refused() << " ended by a TLS policy, " << counts.connections_failed()
      << " could not be opened\n";
}

void print_rate_limits(std::ostream& out, const control_pb::StatusInfo& status, WallTime now) {
  for (const control_pb::RateLimit& limit : status.rate_limit()) {
    out << (&limit == &status.rate_limit(0) ? "limits     " : "           ") << clean(limit.routes()) << ": ";
    for (const control_pb::RateLimit::Bound& bound : limit.bound())
      out << (&bound == &limit.bound(0) ? "" : ", ") << bound.used() << " of " << clean(bound.limit());
    if (limit.next_ms() != 0)
      out << "; used up until " << local_time(limit.next_ms(), "%Y-%m-%d %H:%M:%S") << " (" << ahead(limit.next_ms(), now) << ")";
    out << "\n";
  }
}

void print_providers(std::ostream& out, const control_pb::StatusInfo& status) {
  for (const control_pb::ProviderUse& use : status.provider_use()) {
    out << (&use == &status.provider_use(0) ? "providers  " : "           ") << clean(use.provider()) << ": " << use.open()
        << " of at most " << use.most() << " connections open";
    if (use.waiting() != 0) out << "; mail for " << use.waiting() << (use.waiting() == 1 ? " site" : " sites") << " waits for its turn";
    out << "\n";
  }
}

// The keys of one domain are adjacent.
void print_signing_keys(std::ostream& out, const control_pb::StatusInfo& status) {
  std::string domain;
  for (const control_pb::SigningKey& key : status.signing_key()) {
    const bool is_first = std::exchange(domain, key.domain()) != key.domain() || domain.empty();
    out << (is_first ? (&key == &status.signing_key(0) ? "signing    " : "\n           ") + clean(key.domain()) + ": " : ", ")
        << clean(key.selector()) << " (" << clean(key.kind()) << ") " << clean(key.state());
  }
  if (status.signing_key_size() != 0) out << "\n";
}

// The first line is a summary.
void print_verdict(std::ostream& out, const control_pb::StatusInfo& status, WallTime now) {
  const bool is_well = status.verdict() == control::kWell;
  const std::string verdict = is_well ? status.verdict() : proto::upper_case(status.verdict());
  out << "status     " << clean(verdict) << ": " << clean(status.summary()) << "\n";
  for (const control_pb::Outage& outage : status.outage()) {
    out << "OUTAGE     " << clean(outage.way()) << ", since " << ago(outage.since_ms(), now) << ": " << clean(outage.reason()) << "\n";
    if (!outage.fallback().empty()) out << "           mail goes by " << clean(outage.fallback()) << " meanwhile\n";
  }
}

void print_status(std::ostream& out, const control_pb::StatusInfo& status, WallTime now) {
  print_verdict(out, status, now);
  out << "daemon     "
      << (status.running() ? "running since " + rough(now - wall(status.started_ms()))
                           : std::string("NOT RUNNING: nothing is delivered until mxpressd is started"))
      << "\n";
  if (status.running())
    out << "accepting  " << (status.accepting() ? std::string("yes") : "NO: " + clean(status.not_accepting_because())) << "\n";
  out << "queue      " << status.messages() << " message(s)";
  if (status.oldest_ms() != 0) out << ", the oldest handed in " << ago(status.oldest_ms(), now);
  out << "\ndisk       " << size_text(status.disk_free()) << " free for the spool\n"
      << "mailbox    " << status.local_messages() << " message(s) for this host, " << size_text(status.local_bytes());
  if (status.local_messages() != 0) out << ", kept in the spool's folder mailbox/ (a Maildir); [local] aliases would send such mail on";
  out << "\n";
  if (status.has_counts()) print_counts(out, status.counts());
  if (!status.dane().empty()) out << "DANE       " << clean(status.dane()) << "\n";
  if (!status.mta_sts().empty()) out << "MTA-STS    " << clean(status.mta_sts()) << "\n";
  print_signing_keys(out, status);
  print_rate_limits(out, status, now);
  print_providers(out, status);
  for (const control_pb::Loss& lost : status.lost())
    out << "LOST       " << lost.events() << " event(s) that the " << clean(lost.sink()) << " was too slow for, or failed on\n";
  if (status.corrupt() != 0)
    out << "DAMAGED    the spool, in " << status.corrupt()
        << " host_place(s); to see where and to repair it: stop mxpressd, then mxpress fsck\n";
  for (const std::string& failure : status.trouble()) out << "TROUBLE    " << clean(failure) << "\n";
  for (const std::string& warning : status.warning()) out << "warning    " << clean(warning) << "\n";
}

void MailqPrinter::begin_once() {
  if (!std::exchange(has_begun_, true)) out_ << "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n";
}

void MailqPrinter::message(const control_pb::MessageInfo& message) {
  begin_once();
  ++requests_;
  octets_ += message.size();
  const char mark = message.state() == "active" ? '*' : message.state() == "held" ? '!' : ' ';
  out_ << std::left << std::setw(10) << clean(message.id()) << mark << " " << std::right << std::setw(8) << message.size() << " "
       << local_time(message.submitted_ms(), "%a %b %e %H:%M:%S") << "  "
       << (message.sender().empty() ? std::string("MAILER-DAEMON") : clean(message.sender())) << "\n";
  std::string reason;
  for (const control_pb::RecipientInfo& recipient : message.recipient()) {
    if (recipient.stage() != "pending") continue;
    const std::string why = recipient.has_last() ? host_words(recipient.last()) : std::string();
    if (!why.empty() && why != reason)
      out_ << std::setw(static_cast<int>(std::max<std::size_t>(76, why.size()))) << "(" + why + ")" << "\n";
    reason = why;
    out_ << std::string(41, ' ') << clean(recipient.address()) << "\n";
  }
  out_ << "\n";
}

// Unlisted mail is appended to the line that programs read, because some programs take every second line for mail.
void MailqPrinter::end(const Unlisted& unlisted) {
  const std::uint64_t waiting = requests_ + unlisted.of_others + unlisted.dropped;
  if (waiting == 0) {
    out_ << "Mail queue is empty\n";
    return;
  }
  begin_once();
  // Monitoring that knows neither Postfix nor mxpress takes this for sendmail's list; it would find nothing in Postfix's.
  if (!unlisted.who_sees_all.empty()) out_ << std::string(16, ' ') << "Total requests: " << waiting << "\n";
  out_ << "-- " << octets_ / 1024 << " Kbytes in " << waiting << " Request" << (waiting == 1 ? "" : "s") << ".";
  if (unlisted.of_others != 0)
    out_ << " " << messages_text(unlisted.of_others) << " of other users not listed" << who_sees_all(unlisted) << ".";
  if (unlisted.dropped != 0) out_ << " " << messages_text(unlisted.dropped) << " in the drop folder not listed.";
  out_ << "\n";
}

}  // namespace mxpress::mta::cli
