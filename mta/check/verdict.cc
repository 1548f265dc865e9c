// Judges findings as the delivery would go.
#include "mta/check/verdict.h"

#include <algorithm>
#include <array>
#include <optional>

#include "dns/targets.h"
#include "mta/check/findings.h"
#include "mta/transport/report.h"
#include "proto/explanation.h"
#include "proto/network_words.h"
#include "proto/reply_cause.h"

namespace mxpress::mta::check {
namespace {

using proto::Remedy;
using Kind = Verdict::Kind;

constexpr int kMostSessions = 2;  // of an attempt that reach MAIL: SmtpTransport::kMostSessionsOfOrder
constexpr int kAddress = 1;       // RFC 3463 3.2: X.1.X
constexpr int kNullMx = 10;       // RFC 7505 4.2: X.1.10
constexpr int kRouting = 4;       // X.4.X

std::string name_of(const HostFinding& host) { return host.target.host + " (" + host.target.address_text() + ")"; }

std::string reply_of(const HostFinding& host) { return name_of(host) + ": " + host.result.text; }

std::string over(const HostFinding& host) {
  if (host.tls.reached == net::TlsLevel::clear) return "in clear text";
  return host.result.tls.empty() ? "over TLS" : "over " + host.result.tls;
}

bool is_tls_demand(const proto::HostResult& result) { return result.stage == proto::Stage::tls && result.reply_code == 0; }

std::string who_helps(const proto::HostResult& result, Remedy remedy, Kind kind) {
  if (is_tls_demand(result)) return "The operator of the mail host, or of the domain's DNS.";
  switch (remedy) {
    case Remedy::send_later:
      return kind == Kind::waits ? "Nobody for now: mxpressd tries again by itself. If it lasts, the operator of the mail host."
                                 : "The sender: try later, or ask the recipient another way.";
    case Remedy::check_address:
      return "The sender: compare the address with what the recipient says; only the recipient's mail provider can tell more.";
    case Remedy::send_smaller:
      return "The sender: a smaller message may be accepted.";
    case Remedy::ask_recipient:
      return "The recipient, or the operator of the recipient's mailbox.";
    case Remedy::ask_administrator:
      return "The administrator of this host.";
    case Remedy::ask_administrator_if_widespread:
      return "The operator of the mail host; if it happens with other domains too, the administrator of this host or its provider.";
  }
  return {};
}

Verdict explained(Kind kind, std::string text, const proto::HostResult& result, std::string reason) {
  const proto::Explanation explanation = proto::explain(result);
  Verdict verdict{kind, std::move(text), std::move(reason), explanation.words, who_helps(result, explanation.remedy, kind)};
  if (!explanation.hint.empty()) verdict.meaning.append(" ").append(explanation.hint);
  return verdict;
}

// What this host does, without any mail host; nullopt: the mail leaves it.
std::optional<Verdict> by_own_rules(const Findings& findings) {
  const OwnRules& own = findings.own;
  if (!own.refused.empty())
    return Verdict{Kind::refused,
                   "This host itself would not take such mail.",
                   own.refused,
                   {},
                   "The sender, by another sender address; or the administrator of this host ([sender])."};
  if (own.is_local)
    return Verdict{Kind::unknown,
                   "Mail for " + findings.recipient + " stays on this host: no mail host is asked.",
                   {},
                   "`mxpress aliases NAME` tells which mailbox gets it.",
                   "Nobody."};
  if (!own.held_by.empty())
    return Verdict{Kind::waits,
                   "This host would hold such mail until an operator releases it.",
                   own.held_by,
                   {},
                   "The administrator of this host: `mxpress release` lets held mail go."};
  return std::nullopt;
}

bool all_servers_failed(const Findings& findings) {
  const auto failed = [](const ServerAnswer& one) { return one.answer.kind == dns::AnswerKind::failed; };
  return !findings.servers.empty() && std::all_of(findings.servers.begin(), findings.servers.end(), failed);
}

Verdict without_hosts(const Findings& findings) {
  const proto::HostResult result{proto::Stage::lookup, "", "", "", findings.status, 0, findings.failure, false};
  if (findings.way != "the DNS")
    return {Kind::waits, "The route leads to no host now.", findings.failure, {}, "The administrator of this host, who has set the route."};
  if (findings.kind == dns::TargetsKind::failed_for_now) {
    Verdict verdict =
        explained(Kind::waits, "It could not be found out which host takes the mail of " + findings.domain + ".", result, findings.failure);
    verdict.who = all_servers_failed(findings)
                      ? "The administrator of the domain's name servers; or of this host's, if other domains cannot be looked up either."
                      : "Nobody for now: mxpressd tries again by itself.";
    return verdict;
  }
  if (findings.status.subject == kAddress && findings.status.detail == kNullMx)
    return {Kind::refused,
            findings.domain + " takes no mail at all: its owner says so in the DNS (null MX).",
            findings.failure,
            {},
            "The sender: ask the recipient for an address of another domain."};
  if (findings.status.subject == kRouting)
    return explained(Kind::refused, "Mail for " + findings.domain + " cannot leave this host.", result, findings.failure);
  return {Kind::refused,
          findings.domain + " has no mail host: mail for it would be returned at once.",
          findings.failure,
          {},
          "The sender: is the part behind the @ spelled correctly? Otherwise the owner of the domain, who has to name a mail host (MX)."};
}

Verdict taken(const Findings& findings, const HostFinding& host) {
  const std::string sender = findings.sender.empty() ? "the null sender <>" : findings.sender;
  Verdict verdict{Kind::accepted,
                  "Mail from " + sender + " to " + findings.recipient + " would be accepted, " + over(host) + ".",
                  reply_of(host),
                  {},
                  "Nobody."};
  verdict.meaning = "That is the answer to the addresses; the content, which filters may judge, was not sent.";
  return verdict;
}

Verdict later(const Findings& findings, const HostFinding& host) {
  if (proto::cause_of(host.result.text).cause != proto::ReplyCause::greylisting)
    return explained(Kind::waits, "Mail for " + findings.recipient + " would wait: the mail host does not take it now.", host.result,
                     reply_of(host));
  return {Kind::waits,
          "Mail for " + findings.recipient + " would arrive later: the mail host asks new senders to come again (greylisting).",
          reply_of(host), "This is usual for a sender's first mail there, and the mail arrives some minutes later.",
          "Nobody: mxpressd comes again by itself."};
}

Verdict not_asked(const HostFinding& host) {
  Verdict verdict{Kind::unknown, "The mail host was checked up to signing in, and not asked about the addresses.", reply_of(host)};
  verdict.meaning = "The route signs in, and the password is for mxpressd: the user who runs this command cannot read it.";
  verdict.who = "The administrator of this host: the same check by root signs in, if the password is in a file.";
  return verdict;
}

bool is_in_time(const HostFinding& host) { return host.end != HostEnd::not_tried; }

// RFC 7504: hosts that take no mail from anybody. See transport::no_host_takes_it().
bool takes_no_mail(const HostFinding& host) { return host.result.reply_code == 521; }

Verdict none_answers(const std::vector<const HostFinding*>& tried) {
  if (tried.empty()) return {Kind::unknown, "No mail host was asked: the time for the check was up before.", {}, {}, "Try again later."};
  const HostFinding* telling = tried.front();
  for (const HostFinding* const host : tried)
    if (&transport::most_telling(telling->result, host->result) == &host->result) telling = host;
  const bool is_for_good = std::all_of(tried.begin(), tried.end(), [](const auto* host) { return takes_no_mail(*host); });
  const std::string hosts = tried.size() == 1 ? "The only address of a mail host" : "None of the mail hosts' addresses";
  const std::string verb = tried.size() == 1 ? " takes no mail now." : " takes mail now.";
  return explained(is_for_good ? Kind::refused : Kind::waits, hosts + verb, telling->result, reply_of(*telling));
}

Verdict by_hosts(const Findings& findings) {
  int sessions = 0;
  std::vector<const HostFinding*> tried;
  for (const HostFinding& host : findings.hosts) {
    if (!host.is_in_attempt || !is_in_time(host) || sessions == kMostSessions) break;
    tried.push_back(&host);
    if (host.end == HostEnd::accepted) return taken(findings, host);
    if (host.end == HostEnd::refused)
      return explained(Kind::refused, "The mail host refuses mail from this sender to " + findings.recipient + ".", host.result,
                       reply_of(host));
    if (host.end == HostEnd::deferred) return later(findings, host);
    if (host.end == HostEnd::no_login) return not_asked(host);
    sessions += host.reached_mail ? 1 : 0;
  }
  return none_answers(tried);
}

// Of all addresses, whether or not a delivery would reach them.
void tell_failures(const Findings& findings, Verdict& verdict) {
  constexpr std::size_t kMostTold = 10;
  for (const HostFinding& host : findings.hosts) {
    if (host.end != HostEnd::failed || verdict.also.size() == kMostTold) continue;
    const std::string text = reply_of(host);
    if (text != verdict.reason) verdict.also.push_back("Does not take mail: " + text);
  }
}

void tell_fallback(const Findings& findings, Verdict& verdict) {
  const auto is_unreachable = [](const HostFinding& host) {
    return host.end == HostEnd::failed && host.result.stage == proto::Stage::connect;
  };
  const bool is_any_reached = !std::all_of(findings.hosts.begin(), findings.hosts.end(), is_unreachable);
  if (findings.fallback.empty() || findings.hosts.empty() || is_any_reached) return;
  verdict.also.push_back("If this host reaches no other mail host either, mxpressd sends the mail by " + findings.fallback +
                         " (fallback).");
}

std::string in_order(const dns::Answer& answer) {
  if (answer.kind != dns::AnswerKind::found) return "-";
  std::vector<std::string> hosts;
  for (const dns::MxRecord& mx : answer.mx) hosts.push_back(std::to_string(mx.preference) + " " + mx.host);
  std::sort(hosts.begin(), hosts.end());
  std::string text;
  for (const std::string& host : hosts) text += host + ",";
  return text;
}

void tell_servers(const Findings& findings, Verdict& verdict) {
  const ServerAnswer* first = nullptr;
  bool differ = false;
  for (const ServerAnswer& one : findings.servers) {
    if (one.answer.kind == dns::AnswerKind::failed) {
      verdict.also.push_back("The name server " + one.server + " gives no answer: " + one.answer.text);
      continue;
    }
    differ = differ || (first && in_order(first->answer) != in_order(one.answer));
    if (!first) first = &one;
  }
  if (differ) verdict.also.emplace_back("The name servers of this host give different answers about the domain's mail hosts.");
}

}  // namespace

std::string_view to_string(Verdict::Kind kind) {
  constexpr std::array<std::string_view, 4> kNames = {"accepted", "refused", "waits", "unknown"};
  return kNames[static_cast<std::size_t>(kind)];
}

Verdict judge(const Findings& findings) {
  if (auto verdict = by_own_rules(findings)) return *verdict;
  Verdict verdict = findings.hosts.empty() && !findings.is_out_of_time ? without_hosts(findings) : by_hosts(findings);
  tell_failures(findings, verdict);
  tell_servers(findings, verdict);
  tell_fallback(findings, verdict);
  if (findings.is_out_of_time) verdict.also.emplace_back("The time for the check was up before all addresses were asked.");
  return verdict;
}

}  // namespace mxpress::mta::check
