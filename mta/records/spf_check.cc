// Evaluates SPF records.
#include "mta/records/spf_check.h"

#include <charconv>

namespace mxpress::mta::records {
namespace {

// Prefix lengths after a name: "/24", "//64", "/24//64". RFC 7208 5.6
int prefix_of(std::string_view lengths, bool is_v6) {
  const auto both = lengths.find("//");
  std::string_view own = is_v6 ? (both == lengths.npos ? std::string_view() : lengths.substr(both + 2)) : lengths.substr(0, both);
  if (own.starts_with('/')) own.remove_prefix(1);
  int length = 0;
  const auto [end, error] = std::from_chars(own.data(), own.data() + own.size(), length);
  return error == std::errc() && end == own.data() + own.size() && length >= 0 ? length : 128;
}

std::string host_of(const SpfTerm& term, const std::string& domain) {
  const std::string host = term.value.substr(0, term.value.find('/'));
  return host.empty() ? domain : host;
}

std::string lengths_of(const SpfTerm& term) {
  const auto slash = term.value.find('/');
  return slash == term.value.npos ? std::string() : term.value.substr(slash);
}

}  // namespace

Task<SpfResult> SpfCheck::of(std::string domain, std::string record) {
  std::string redirect;
  for (SpfTerm& term : spf_terms(record)) {
    if (lookups_ > 2 * kMostSpfLookups) co_return SpfResult::error;
    if (term.is_modifier && term.name == "redirect") redirect = term.value;
    if (term.is_modifier) continue;
    const char qualifier = term.qualifier;
    const Match match = co_await matches(domain, std::move(term));
    if (match == Match::error) co_return SpfResult::error;
    if (match == Match::unknown) co_return SpfResult::unknown;
    if (match == Match::yes) co_return qualifier == '+' ? SpfResult::pass : SpfResult::no_pass;
  }
  if (redirect.empty()) co_return SpfResult::no_pass;
  if (redirect.find('%') != redirect.npos) co_return SpfResult::unknown;
  ++lookups_;
  co_return co_await of_domain(std::move(redirect));
}

Task<dns::Answer> SpfCheck::resolve(dns::Question question) {
  if (Clock::now() >= until_) co_return dns::Answer{.kind = dns::AnswerKind::failed};
  co_return co_await resolver_.resolve(std::move(question));
}

Task<SpfResult> SpfCheck::of_domain(std::string domain) {
  dns::Question question{domain, dns::RecordType::txt};
  const dns::Answer answer = co_await resolve(std::move(question));
  if (answer.kind == dns::AnswerKind::failed) co_return SpfResult::unknown;
  const auto records = spf_records_of(answer.texts);
  if (records.size() != 1) co_return SpfResult::error;  // RFC 7208 5.2, 6.1
  std::string record = records.front();
  co_return co_await of(std::move(domain), std::move(record));
}

Task<SpfCheck::Match> SpfCheck::matches(std::string domain, SpfTerm term) {
  if (term.name == "all") co_return Match::yes;
  if (term.name == "ip4" || term.name == "ip6") {
    const auto slash = term.value.find('/');
    const auto network = dns::Address::parse(term.value.substr(0, slash));
    if (!network || network->is_v6 != (term.name == "ip6")) co_return Match::error;
    const int prefix = slash == term.value.npos ? 128 : prefix_of(term.value.substr(slash), false);
    co_return is_in(address_, *network, prefix) ? Match::yes : Match::no;
  }
  ++lookups_;
  if (term.value.find('%') != term.value.npos) co_return Match::unknown;
  if (term.name == "include") co_return co_await includes(term.value);
  std::string host = host_of(term, domain);
  if (term.name == "a") co_return co_await has_address(std::move(host), std::move(term));
  if (term.name == "mx") co_return co_await is_mail_host(std::move(host), std::move(term));
  if (term.name == "ptr") co_return Match::no;  // RFC 7208 5.5: not to be used
  if (term.name != "exists") co_return Match::error;
  dns::Question question{host, dns::RecordType::a};
  const dns::Answer answer = co_await resolve(std::move(question));
  if (answer.kind == dns::AnswerKind::failed) co_return Match::unknown;
  co_return answer.kind == dns::AnswerKind::found ? Match::yes : Match::no;
}

Task<SpfCheck::Match> SpfCheck::includes(std::string domain) {
  switch (co_await of_domain(std::move(domain))) {
    case SpfResult::pass:
      co_return Match::yes;
    case SpfResult::no_pass:
      co_return Match::no;
    case SpfResult::unknown:
      co_return Match::unknown;
    case SpfResult::error:
      break;
  }
  co_return Match::error;
}

Task<SpfCheck::Match> SpfCheck::has_address(std::string host, SpfTerm term) {
  dns::Question question{host, address_.is_v6 ? dns::RecordType::aaaa : dns::RecordType::a};
  const dns::Answer answer = co_await resolve(std::move(question));
  if (answer.kind == dns::AnswerKind::failed) co_return Match::unknown;
  for (const dns::Address& one : answer.addresses)
    if (is_in(address_, one, prefix_of(lengths_of(term), address_.is_v6))) co_return Match::yes;
  co_return Match::no;
}

Task<SpfCheck::Match> SpfCheck::is_mail_host(std::string domain, SpfTerm term) {
  constexpr std::size_t kMostHosts = 10;  // RFC 7208 4.6.4
  dns::Question question{domain, dns::RecordType::mx};
  const dns::Answer answer = co_await resolve(std::move(question));
  if (answer.kind == dns::AnswerKind::failed) co_return Match::unknown;
  if (answer.mx.size() > kMostHosts) co_return Match::error;
  for (const dns::MxRecord& record : answer.mx) {
    const Match match = co_await has_address(record.host, term);
    if (match != Match::no) co_return match;
  }
  co_return Match::no;
}

}  // namespace mxpress::mta::records
