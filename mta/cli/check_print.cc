// Prints a check.
#include "mta/cli/check_print.h"

#include <algorithm>
#include <array>
#include <ostream>

#include "dns/targets.h"
#include "mta/check/verdict.h"
#include "mta/check/words.h"
#include "mta/cli/dialogue_print.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

using check::HostEnd;
using check::HostFinding;
using check::Line;

constexpr std::size_t kMaxWords = 500;
constexpr std::size_t kMostRecords = 10;  // of an answer

std::string shown(std::string_view text) { return proto::printable(text, kMaxWords); }

std::string seconds(Duration time) {
  const std::string text = time_text(time);
  return text.substr(text.find_first_not_of(' '));
}

std::string hosts_of(const dns::Answer& answer) {
  auto records = answer.mx;
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.preference < b.preference; });
  std::string text;
  for (std::size_t i = 0; i < std::min(records.size(), kMostRecords); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(records[i].preference) + " " + (records[i].host.empty() ? "." : records[i].host);
  return text + (records.size() > kMostRecords ? ", and " + std::to_string(records.size() - kMostRecords) + " more" : "");
}

std::string in_words(const dns::Answer& answer, const std::string& domain) {
  std::string words;
  switch (answer.kind) {
    case dns::AnswerKind::found:
      words = "MX " + hosts_of(answer);
      break;
    case dns::AnswerKind::no_data:
      words = "no MX record; the domain's own address counts";
      break;
    case dns::AnswerKind::no_such_name:
      words = "there is no such domain";
      break;
    case dns::AnswerKind::failed:
      return "no answer: " + answer.text;
  }
  if (!answer.canonical_name.empty() && answer.canonical_name != domain) words += "; an alias (CNAME) of " + answer.canonical_name;
  return words + (answer.authenticated ? "; authenticated (DNSSEC)" : "");
}

std::string_view word_of(HostEnd end) {
  constexpr std::array<std::string_view, 6> kWords = {"accepted", "refused", "deferred", "failed", "no_login", "not_tried"};
  return kWords[static_cast<std::size_t>(end)];
}

std::string_view sentence_of(HostEnd end) {
  switch (end) {
    case HostEnd::accepted:
      return "It accepts sender and recipient";
    case HostEnd::refused:
      return "It refuses for good";
    case HostEnd::deferred:
      return "It refuses for now";
    case HostEnd::failed:
      return "It takes no mail now";
    case HostEnd::no_login:
      return "It was not asked about the addresses";
    case HostEnd::not_tried:
      break;
  }
  return "It was not asked to the end";
}

std::string demand_of(const HostFinding& host) {
  std::string words = check::demand_of(host.policy, host.target.host);
  if (!host.policy.source().empty()) words += ", by " + host.policy.source();
  return shown(words);
}

boost::json::object to_json(const check::ServerAnswer& one) {
  return {{"server", one.server},
          {"answer", shown(in_words(one.answer, one.domain))},
          {"authenticated", one.answer.authenticated},
          {"ms", one.took.count()}};
}

boost::json::object to_json(const HostFinding& host) {
  boost::json::array dialogue;
  for (const Line& line : host.dialogue)
    dialogue.emplace_back(boost::json::object{{"from", speaker_name(line.from)}, {"text", line.text}, {"ms", line.at.count()}});
  boost::json::object object{{"host", shown(host.target.host)},
                             {"address", host.target.address_text()},
                             {"preference", host.target.preference},
                             {"in_attempt", host.is_in_attempt},
                             {"policy", net::to_string(host.policy.kind())},
                             {"demand", demand_of(host)},
                             {"provider_limit", shown(host.limit)},
                             {"no_dane_because", check::why_no_dane(host.target.tlsa.kind)},
                             {"result", word_of(host.end)},
                             {"stage", proto::to_string(host.result.stage)},
                             {"reply_code", host.result.reply_code},
                             {"status", host.result.status.to_string()},
                             {"text", shown(host.result.text)}};
  object["tls"] = host.result.tls;
  object["tls_level"] = net::to_string(host.tls.reached);
  object["tls_failure"] = net::to_string(host.tls.failure);
  object["tls_detail"] = shown(host.tls.detail);
  object["size_limit"] = host.extensions.size_limit.value_or(0);
  object["eight_bit_mime"] = host.extensions.eight_bit_mime;
  object["local_address"] = host.local_address;
  object["connect_ms"] = host.connect.count();
  object["total_ms"] = host.total.count();
  object["dialogue"] = std::move(dialogue);
  return object;
}

}  // namespace

void CheckPrinter::begun(const check::Findings& findings) {
  const check::OwnRules& own = findings.own;
  out_ << "Would " << shown(findings.recipient) << " get mail from " << (findings.sender.empty() ? "<>" : shown(findings.sender))
       << "? No mail is sent.\n";
  if (!own.redirected.empty())
    out_ << "This host sends all mail to " << shown(own.redirected) << " instead (redirect): that address is checked.\n";
  if (own.is_local || !own.refused.empty() || !own.held_by.empty()) return;
  if (findings.way != "the DNS")
    out_ << "The mail goes by " << shown(findings.way) << ", not to the domain's own mail hosts.\n";
  else
    out_ << "\nName servers, asked for the mail hosts of " << shown(findings.domain) << ":\n";
  out_.flush();
}

void CheckPrinter::answered(const check::ServerAnswer& answer) {
  out_ << time_text(answer.took) << "  " << answer.server << ": " << shown(in_words(answer.answer, answer.domain)) << "\n" << std::flush;
}

void CheckPrinter::found_hosts(const check::Findings& findings) {
  if (!findings.authentication.text.empty() && !findings.servers.empty())
    out_ << "DNSSEC: " << (findings.authentication.is_on() ? "" : "not used for mail: ") << shown(findings.authentication.text) << "\n";
  if (!findings.sts.empty()) out_ << shown(findings.sts) << "\n";
  if (findings.hosts.empty()) {
    out_ << shown(findings.failure) << "\n" << std::flush;
    return;
  }
  out_ << "\nAddresses to ask, in the order of a delivery:\n";
  for (const HostFinding& host : findings.hosts)
    out_ << "  " << shown(host.target.host) << " (" << host.target.address_text() << ")"
         << (host.is_in_attempt ? "" : ": behind those of an attempt") << "\n";
  out_.flush();
}

void CheckPrinter::begins(const HostFinding& host) {
  out_ << "\n" << shown(host.target.host) << " (" << host.target.address_text() << ")\n  demanded: " << demand_of(host) << "\n";
  if (const std::string_view why = check::why_no_dane(host.target.tlsa.kind); !why.empty()) out_ << "  no DANE: " << why << "\n";
  if (!host.limit.empty()) out_ << "  provider limit: " << shown(host.limit) << "\n";
  out_.flush();
}

void CheckPrinter::said(const Line& line) {
  print_dialogue_line(out_, line.from, line.at, line.text);
  out_ << std::flush;
}

void CheckPrinter::ended(const HostFinding& host) {
  out_ << "  " << sentence_of(host.end) << ", after " << seconds(host.total);
  if (!host.local_address.empty()) out_ << ", asked from " << host.local_address;
  out_ << ".\n" << std::flush;
}

void print_verdict(std::ostream& out, const check::Verdict& verdict) {
  out << "\nVerdict: " << shown(verdict.text) << "\n";
  if (!verdict.reason.empty()) out << "  Reason:   " << shown(verdict.reason) << "\n";
  if (!verdict.meaning.empty()) out << "  Meaning:  " << proto::printable(verdict.meaning, 2 * kMaxWords) << "\n";
  if (!verdict.who.empty()) out << "  Must act: " << shown(verdict.who) << "\n";
  for (const std::string& one : verdict.also) out << "  Also:     " << shown(one) << "\n";
}

boost::json::object to_json(const check::Verdict& verdict) {
  boost::json::array also;
  for (const std::string& one : verdict.also) also.emplace_back(shown(one));
  return {{"verdict", check::to_string(verdict.kind)},
          {"summary", shown(verdict.text)},
          {"reason", shown(verdict.reason)},
          {"meaning", proto::printable(verdict.meaning, 2 * kMaxWords)},
          {"who", shown(verdict.who)},
          {"also", std::move(also)}};
}

boost::json::object to_json(const check::Findings& findings) {
  boost::json::array servers, hosts;
  for (const check::ServerAnswer& one : findings.servers) servers.emplace_back(to_json(one));
  for (const HostFinding& host : findings.hosts) hosts.emplace_back(to_json(host));
  const bool is_found = findings.kind == dns::TargetsKind::found;
  return {{"recipient", shown(findings.recipient)},
          {"sender", shown(findings.sender)},
          {"redirected_to", shown(findings.own.redirected)},
          {"way", shown(findings.way)},
          {"name_servers", std::move(servers)},
          {"dnssec", findings.authentication.is_on() ? "on" : "off"},
          {"mta_sts", shown(findings.sts)},
          {"lookup_status", is_found ? std::string() : findings.status.to_string()},
          {"lookup_failure", shown(findings.failure)},
          {"out_of_time", findings.is_out_of_time},
          {"host", std::move(hosts)}};
}

}  // namespace mxpress::mta::cli
