// Prints hops: see trace_print.h.
#include "mta/cli/trace_print.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <ostream>
#include <string>

#include "mta/cli/json.h"
#include "mta/trace/doubts.h"
#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

using trace::Author;
using trace::Chain;
using trace::Hop;
using trace::Received;

std::string shown(std::string_view text) { return proto::printable(text, 300); }

std::string signed_delay(Duration delay) { return delay < Duration::zero() ? "-" + trace::in_words(-delay) : "+" + trace::in_words(delay); }

std::string time_of(const Received& one) {
  if (one.date.time && one.date.oddity.empty()) return proto::rfc5322_date(*one.date.time, one.date.zone_minutes);
  return one.date_text.empty() ? "no date" : shown(one.date_text);
}

// "out.sender.example (host1.hosting.example, 192.0.2.1)": HELO, then what the host found out.
std::string client_of(const Received& one) {
  std::string found;
  if (!one.client_name.empty() && one.client_name != one.helo) found = shown(one.client_name);
  if (one.client) found += (found.empty() ? "" : ", ") + one.client->to_string();
  const std::string helo = one.helo.empty() ? "no name" : shown(one.helo);
  return found.empty() ? helo : helo + " (" + found + ")";
}

std::string how(const Received& one) {
  std::string text;
  const auto add = [&](std::string_view before, std::string_view what) {
    if (!what.empty()) text.append(", ").append(before).append(shown(what));
  };
  add("", one.protocol);
  add("", one.tls);
  add("id ", one.id);
  add("for ", one.recipient);
  return text;
}

std::string_view author_of(Author author) {
  switch (author) {
    case Author::own_host:
      return "own host";
    case Author::entry_host:
      return "own host: here it came in";
    case Author::unknown:
      break;
  }
  return "anybody may have written this";
}

void print_hop(std::ostream& out, const Hop& hop, std::size_t number) {
  const Received& one = hop.received;
  out << "\nHop " << number << ": " << time_of(one);
  if (hop.delay) out << ", " << signed_delay(*hop.delay);
  out << " (" << author_of(hop.author) << ")\n";
  if (one.has_from) out << "  from " << client_of(one) << "\n";
  out << "  by   " << (one.by.empty() ? "an unnamed host" : shown(one.by)) << how(one) << "\n";
  for (const trace::Doubt& doubt : hop.doubts) out << "  ! " << to_string(doubt.kind) << ": " << shown(doubt.text) << ".\n";
}

std::string counted(std::size_t count, const std::string& noun) { return std::to_string(count) + " " + noun + (count == 1 ? "" : "s"); }

void print_spf(std::ostream& out, const trace::SpfFinding& finding) {
  const spf::Verdict& verdict = finding.verdict;
  out << "SPF now: " << to_string(verdict.result) << " for " << shown(finding.identity) << " from " << finding.client.to_string();
  if (!verdict.term.empty()) out << ", by \"" << shown(verdict.term) << "\" of " << shown(verdict.domain);
  if (!verdict.problem.empty()) out << ": " << shown(verdict.problem);
  if (!verdict.explanation.empty()) out << "; the domain says: " << shown(verdict.explanation);
  out << "\n";
}

// "the author's domain", "not the author's domain (a.example)"; empty: the author is not known.
std::string relation(const std::string& domain, const std::string& author) {
  if (author.empty()) return {};
  const std::string lower = proto::lower_case(domain);
  const bool is_of_author = author == lower || author.ends_with("." + lower) || lower.ends_with("." + author);
  return is_of_author ? ", the domain of From" : ", not the domain of From (" + shown(author) + ")";
}

std::string_view word_for(const trace::DkimFinding& finding) { return finding.is_valid ? "pass" : finding.is_unknown ? "unknown" : "fail"; }

void print_dkim(std::ostream& out, const std::vector<trace::DkimFinding>& dkim, const std::string& author) {
  if (dkim.empty()) out << "DKIM now: the message has no signature\n";
  for (const trace::DkimFinding& one : dkim) {
    out << "DKIM now: " << word_for(one) << " for " << shown(one.signature.domain) << relation(one.signature.domain, author)
        << ", selector " << shown(one.signature.selector);
    if (!one.why.empty()) out << ": " << shown(one.why);
    out << "\n";
  }
}

boost::json::object json_of(const Hop& hop, std::size_t number) {
  const Received& one = hop.received;
  boost::json::array doubts;
  for (const trace::Doubt& doubt : hop.doubts)
    doubts.emplace_back(boost::json::object{{"kind", to_string(doubt.kind)}, {"text", shown(doubt.text)}});
  boost::json::object object{{"hop", number},
                             {"helo", shown(one.helo)},
                             {"client_name", shown(one.client_name)},
                             {"client", one.client ? one.client->to_string() : ""},
                             {"by", shown(one.by)},
                             {"protocol", shown(one.protocol)},
                             {"tls", shown(one.tls)},
                             {"authenticated", one.is_authenticated},
                             {"id", shown(one.id)},
                             {"recipient", shown(one.recipient)},
                             {"date", shown(one.date_text)},
                             {"time", nullptr},
                             {"delay", nullptr},
                             {"author", hop.author == Author::own_host     ? "own"
                                        : hop.author == Author::entry_host ? "entry"
                                                                           : "unknown"},
                             {"doubts", std::move(doubts)}};
  using std::chrono::duration_cast, std::chrono::seconds;
  if (one.date.time) object["time"] = duration_cast<seconds>(one.date.time->time_since_epoch()).count();
  if (hop.delay) object["delay"] = duration_cast<seconds>(*hop.delay).count();
  return object;
}

}  // namespace

void print_trace(std::ostream& out, const TraceFindings& findings) {
  const Chain& chain = findings.chain;
  out << counted(chain.hops.size(), "hop") << ", the oldest first; " << (chain.doubts() == 0 ? "no" : std::to_string(chain.doubts()))
      << (chain.doubts() == 1 ? " doubt" : " doubts") << "\n";
  if (chain.has_more) out << "There are more: the oldest are left out.\n";
  for (std::size_t i = 0; i < chain.hops.size(); ++i) print_hop(out, chain.hops[i], i + 1);
  if (findings.spf || findings.dkim || chain.has_sender) out << "\n";
  if (chain.has_sender) out << "Sender: <" << shown(chain.sender) << ">\n";
  if (findings.spf) print_spf(out, *findings.spf);
  if (findings.dkim) print_dkim(out, *findings.dkim, findings.author_domain);
}

void print_trace_as_json(std::ostream& out, const TraceFindings& findings) {
  const Chain& chain = findings.chain;
  const auto& spf = findings.spf;
  boost::json::array hops;
  for (std::size_t i = 0; i < chain.hops.size(); ++i) hops.emplace_back(json_of(chain.hops[i], i + 1));
  boost::json::object object{{"hops", std::move(hops)}, {"doubts", chain.doubts()}, {"has_more", chain.has_more},
                             {"sender", nullptr},       {"spf", nullptr},           {"dkim", nullptr}};
  if (chain.has_sender) object["sender"] = shown(chain.sender);
  if (spf)
    object["spf"] = boost::json::object{
        {"result", to_string(spf->verdict.result)},      {"identity", shown(spf->identity)}, {"client", spf->client.to_string()},
        {"domain", shown(spf->verdict.domain)},          {"term", shown(spf->verdict.term)}, {"problem", shown(spf->verdict.problem)},
        {"explanation", shown(spf->verdict.explanation)}};
  if (findings.dkim) {
    boost::json::array signatures;
    for (const trace::DkimFinding& one : *findings.dkim)
      signatures.emplace_back(boost::json::object{{"result", word_for(one)},
                                                  {"domain", shown(one.signature.domain)},
                                                  {"selector", shown(one.signature.selector)},
                                                  {"problem", shown(one.why)}});
    object["dkim"] = std::move(signatures);
  }
  print_json(out, object);
}

}  // namespace mxpress::mta::cli
