// Evaluates SPF records: see evaluation.h.
#include "mta/spf/evaluation.h"

#include <algorithm>
#include <array>

#include "dns/reverse_name.h"
#include "mta/spf/macro.h"
#include "mta/spf/query_name.h"
#include "proto/ascii.h"
#include "proto/domain.h"
#include "proto/printable.h"

namespace mxpress::mta::spf {
namespace {

using dns::AnswerKind;
using dns::RecordType;

constexpr int kMostVoidLookups = 2;     // RFC 7208 4.6.4
constexpr std::size_t kMostHosts = 10;  // of an MX or PTR answer
constexpr std::size_t kMostExplained = 1000;
constexpr char kTooManyLookups[] = "more than 10 terms need the DNS";
constexpr char kTooManyVoid[] = "more than 2 names in the record have no records in the DNS";

std::string in_quotes(std::string_view text) { return "\"" + proto::printable(text, 80) + "\""; }

CheckResult result_of(char qualifier) {
  switch (qualifier) {
    case '-':
      return CheckResult::fail;
    case '~':
      return CheckResult::softfail;
    case '?':
      return CheckResult::neutral;
    default:
      return CheckResult::pass;
  }
}

bool is_below(std::string_view name, std::string_view domain) {
  return name == domain || (name.size() > domain.size() && name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.');
}

bool is_ascii(std::string_view text) { return std::none_of(text.begin(), text.end(), proto::is_eight_bit); }

}  // namespace

std::string_view to_string(CheckResult result) {
  static constexpr std::array<std::string_view, 7> kWords = {"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"};
  return kWords.at(static_cast<std::size_t>(result));
}

// RFC 7208 2.4, 4.3: the null reverse-path counts as postmaster of the domain of HELO; a sender without local part as postmaster.
Evaluation::Evaluation(dns::Resolver& resolver, Client client, Clock::time_point until)
    : resolver_(resolver), client_(std::move(client)), until_(until) {
  client_.address = dns::unmapped(client_.address);
  if (client_.sender.empty()) client_.sender = "postmaster@" + client_.helo;
  const auto at = client_.sender.rfind('@');
  sender_domain_ = at == client_.sender.npos ? client_.sender : client_.sender.substr(at + 1);
  local_part_ = at == client_.sender.npos ? std::string() : client_.sender.substr(0, at);
  if (local_part_.empty()) local_part_ = "postmaster";
  client_.sender = local_part_ + "@" + sender_domain_;
}

Task<Verdict> Evaluation::check() {
  const auto domain = proto::Domain::parse(sender_domain_);
  if (!domain || domain->is_address_literal() || !domain->is_fully_qualified())
    co_return Verdict{.domain = sender_domain_, .problem = in_quotes(sender_domain_) + " is no domain that can have records"};
  std::string name = domain->text();
  co_return co_await check_host(std::move(name));
}

Task<Verdict> Evaluation::check_record(std::string domain, std::string record) {
  co_return co_await evaluate(std::move(domain), std::move(record));
}

// RFC 7208 4.4, 4.5
Task<Verdict> Evaluation::check_host(std::string domain) {
  Verdict verdict{.domain = domain};
  const auto name = query_name(domain);
  if (!name) {
    verdict.problem = in_quotes(domain) + " is no domain that can have records";
    co_return verdict;
  }
  const dns::Answer answer = co_await ask(*name, RecordType::txt);
  if (answer.kind == AnswerKind::failed) {
    verdict.result = CheckResult::temperror;
    verdict.problem = "the TXT records of " + in_quotes(domain) + " could not be looked up: " + proto::printable(answer.text, 200);
    co_return verdict;
  }
  auto records = records_of(answer.texts);
  if (records.empty()) {
    verdict.problem = in_quotes(domain) + " has no SPF record";
    co_return verdict;
  }
  if (records.size() > 1) {
    verdict.result = CheckResult::permerror;
    verdict.problem = in_quotes(domain) + " has " + std::to_string(records.size()) + " SPF records, where one is allowed";
    co_return verdict;
  }
  co_return co_await evaluate(std::move(domain), std::move(records.front()));
}

// RFC 7208 4.6, 4.7: an error anywhere in the record counts, also behind the mechanism that matches.
Task<Verdict> Evaluation::evaluate(std::string domain, std::string record) {
  Verdict verdict{.result = CheckResult::neutral, .domain = domain};
  const auto terms = terms_of(record);
  verdict.problem = error_of(terms);
  if (!verdict.problem.empty()) {
    verdict.problem = "in the record of " + in_quotes(domain) + ", " + verdict.problem;
    verdict.result = CheckResult::permerror;
    co_return verdict;
  }
  std::string redirect, explanation;
  for (const Term& term : terms) {
    if (term.kind == TermKind::redirect) redirect = term.target;
    if (term.kind == TermKind::exp) explanation = term.target;
  }
  for (const Term& term : terms) {
    const Match match = co_await matches(domain, term);
    if (match == Match::no) continue;
    verdict.term = term.text;
    verdict.result = match == Match::yes         ? result_of(term.qualifier)
                     : match == Match::temperror ? CheckResult::temperror
                                                 : CheckResult::permerror;
    if (match != Match::yes) verdict.problem = problem_;
    if (verdict.result == CheckResult::fail) verdict.explanation = co_await explain(domain, explanation);
    co_return verdict;
  }
  if (redirect.empty()) co_return verdict;
  // RFC 7208 6.1: the verdict about the other domain, with its explanation; no record there is an error.
  if (++lookups_ > kMostLookups) {
    verdict.result = CheckResult::permerror;
    verdict.problem = kTooManyLookups;
    co_return verdict;
  }
  std::string target = co_await expand(std::move(redirect), std::move(domain));
  verdict = co_await check_host(std::move(target));
  if (verdict.result == CheckResult::none) verdict.result = CheckResult::permerror;
  co_return verdict;
}

Evaluation::Match Evaluation::problem(Match match, std::string text) {
  problem_ = std::move(text);
  return match;
}

Task<Evaluation::Match> Evaluation::matches(std::string domain, Term term) {
  switch (term.kind) {
    case TermKind::all:
      co_return Match::yes;
    case TermKind::ip4:
    case TermKind::ip6:
      co_return is_in(client_.address, term.network, term.kind == TermKind::ip6 ? term.prefix_v6 : term.prefix_v4) ? Match::yes : Match::no;
    default:
      if (!term.asks_dns() || term.kind == TermKind::redirect) co_return Match::no;
  }
  if (++lookups_ > kMostLookups) co_return problem(Match::permerror, kTooManyLookups);
  std::string target = co_await target_of(std::move(domain), term);
  if (term.kind == TermKind::include) co_return co_await includes(std::move(target));
  if (term.kind == TermKind::ptr) co_return co_await is_named_below(std::move(target));
  const auto name = query_name(target);
  if (!name) co_return Match::no;  // RFC 7208 4.8: a name that cannot be asked for does not exist
  std::string host = *name;
  if (term.kind == TermKind::exists) co_return co_await exists(std::move(host));
  if (term.kind == TermKind::mx) co_return co_await is_mail_host(std::move(host), std::move(term));
  co_return co_await has_address(std::move(host), std::move(term));
}

// RFC 7208 5.2
Task<Evaluation::Match> Evaluation::includes(std::string target) {
  const Verdict inner = co_await check_host(std::move(target));
  switch (inner.result) {
    case CheckResult::pass:
      co_return Match::yes;
    case CheckResult::temperror:
      co_return problem(Match::temperror, inner.problem);
    case CheckResult::none:
    case CheckResult::permerror:
      co_return problem(Match::permerror, inner.problem);
    default:
      co_return Match::no;
  }
}

// RFC 7208 5.3
Task<Evaluation::Match> Evaluation::has_address(std::string host, Term term) {
  const bool is_v6 = client_.address.is_v6;
  const dns::Answer answer = co_await ask(host, is_v6 ? RecordType::aaaa : RecordType::a);
  if (answer.kind == AnswerKind::failed)
    co_return problem(Match::temperror,
                      "the addresses of " + in_quotes(host) + " could not be looked up: " + proto::printable(answer.text, 200));
  if (term.kind == TermKind::a && is_void_too_often(answer)) co_return problem(Match::permerror, kTooManyVoid);
  for (const dns::Address& one : answer.addresses)
    if (is_in(client_.address, one, is_v6 ? term.prefix_v6 : term.prefix_v4)) co_return Match::yes;
  co_return Match::no;
}

// RFC 7208 5.4. A domain without MX has no mail hosts here: its address is not used.
Task<Evaluation::Match> Evaluation::is_mail_host(std::string host, Term term) {
  const dns::Answer answer = co_await ask(host, RecordType::mx);
  if (answer.kind == AnswerKind::failed)
    co_return problem(Match::temperror,
                      "the MX records of " + in_quotes(host) + " could not be looked up: " + proto::printable(answer.text, 200));
  if (is_void_too_often(answer)) co_return problem(Match::permerror, kTooManyVoid);
  if (answer.mx.size() > kMostHosts) co_return problem(Match::permerror, in_quotes(host) + " has more than 10 MX records");
  for (const dns::MxRecord& record : answer.mx) {
    if (record.host.empty()) continue;  // RFC 7505: the null MX
    const Match match = co_await has_address(record.host, term);
    if (match != Match::no) co_return match;
  }
  co_return Match::no;
}

// RFC 7208 5.7: A records, also for a client with an IPv6 address.
Task<Evaluation::Match> Evaluation::exists(std::string host) {
  const dns::Answer answer = co_await ask(host, RecordType::a);
  if (answer.kind == AnswerKind::failed)
    co_return problem(Match::temperror, in_quotes(host) + " could not be looked up: " + proto::printable(answer.text, 200));
  if (is_void_too_often(answer)) co_return problem(Match::permerror, kTooManyVoid);
  co_return answer.kind == AnswerKind::found ? Match::yes : Match::no;
}

// RFC 7208 5.5
Task<Evaluation::Match> Evaluation::is_named_below(std::string domain) {
  const auto target = query_name(domain);
  const auto names = co_await validated_names();
  for (const std::string& name : names)
    if (target && is_below(name, *target)) co_return Match::yes;
  co_return Match::no;
}

// The names of the client's address that lead back to it, of the first 10. A name that cannot be looked up is left out.
Task<std::vector<std::string>> Evaluation::validated_names() {
  std::vector<std::string> names;
  dns::Answer reverse = co_await ask(dns::reverse_name(client_.address), RecordType::ptr);
  if (reverse.texts.size() > kMostHosts) reverse.texts.resize(kMostHosts);
  for (const std::string& name : reverse.texts) {
    const dns::Answer answer = co_await ask(name, client_.address.is_v6 ? RecordType::aaaa : RecordType::a);
    if (std::find(answer.addresses.begin(), answer.addresses.end(), client_.address) != answer.addresses.end())
      names.push_back(proto::lower_case(name));
  }
  co_return names;
}

// RFC 7208 7.3: of the validated names the domain itself, else one below it, else any.
Task<std::string> Evaluation::client_name(std::string domain) {
  const auto names = co_await validated_names();
  if (names.empty()) co_return "unknown";
  const std::string own = query_name(domain).value_or("");
  for (const std::string& name : names)
    if (name == own) co_return name;
  for (const std::string& name : names)
    if (is_below(name, own)) co_return name;
  co_return names.front();
}

Task<std::string> Evaluation::target_of(std::string domain, Term term) {
  if (term.target.empty()) co_return domain;
  co_return co_await expand(std::move(term.target), std::move(domain));
}

Task<std::string> Evaluation::expand(std::string text, std::string domain) {
  MacroValues values{.sender = client_.sender,
                     .local_part = local_part_,
                     .sender_domain = sender_domain_,
                     .domain = domain,
                     .client = client_.address,
                     .helo = client_.helo,
                     .receiver = client_.receiver,
                     .now = client_.now};
  if (has_macro(text, 'p')) values.client_name = co_await client_name(std::move(domain));
  co_return expanded(text, values);
}

// RFC 7208 6.2: without explanation if anything about it is wrong. Its queries count against no limit.
Task<std::string> Evaluation::explain(std::string domain, std::string spec) {
  if (spec.empty()) co_return std::string();
  const auto name = query_name(co_await expand(std::move(spec), domain));
  if (!name) co_return std::string();
  const dns::Answer answer = co_await ask(*name, RecordType::txt);
  if (answer.kind != AnswerKind::found || answer.texts.size() != 1) co_return std::string();
  std::string text = answer.texts.front();
  if (!is_macro_string(text, MacroLetters::of_explanations)) co_return std::string();
  text = co_await expand(std::move(text), std::move(domain));
  co_return is_ascii(text) ? proto::printable(text, kMostExplained) : std::string();
}

Task<dns::Answer> Evaluation::ask(std::string name, RecordType type) {
  if (Clock::now() >= until_) {
    dns::Answer late;
    late.text = "the evaluation has taken too long";
    co_return late;
  }
  dns::Question question{std::move(name), type};
  co_return co_await resolver_.resolve(std::move(question));
}

// RFC 7208 4.6.4: counts terms whose name has no records. Neither queries about the client's address nor those for addresses of mail hosts
// count: a record does not cause the former, and one term causes the latter.
bool Evaluation::is_void_too_often(const dns::Answer& answer) {
  if (answer.kind == AnswerKind::no_data || answer.kind == AnswerKind::no_such_name) ++void_lookups_;
  return void_lookups_ > kMostVoidLookups;
}

}  // namespace mxpress::mta::spf
