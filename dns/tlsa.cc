// The TLSA records of a mail host: see tlsa.h.
#include "dns/tlsa.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "dns/resolver.h"

namespace mxpress::dns {
namespace {

using Kind = HostTlsa::Kind;

constexpr std::size_t kMaxName = 253;              // of a name as text (RFC 1035 3.1): a longer one does not exist
constexpr std::chrono::seconds kFailureHolds{30};  // other hosts of the domain serve meanwhile
constexpr std::chrono::seconds kForLong = std::chrono::hours(24);

std::size_t octets_of(const std::vector<std::string>& records) {
  return std::accumulate(records.begin(), records.end(), std::size_t{0},
                         [](std::size_t sum, const auto& one) { return sum + one.size() + 1; });
}

std::string owner_of(std::uint16_t port, const std::string& base) { return "_" + std::to_string(port) + "._tcp." + base; }

TlsaFinding without_records(Kind kind) { return {.tlsa = {.kind = kind}, .ttl = kForLong}; }

TlsaFinding failed(const HostAnswers& about, std::string base, std::string why) {
  return {.tlsa = {.kind = Kind::failed, .base = std::move(base), .port = about.port, .failure = std::move(why)}, .ttl = kFailureHolds};
}

// RFC 7672 3.2.2: the base domain is the first name that a certificate may be for; these are the others.
std::vector<std::string> other_names(const HostAnswers& about, const std::string& base) {
  std::vector<std::string> names = about.domains;
  names.push_back(about.host);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::erase(names, base);
  return names;
}

Task<TlsaFinding> ask_at(Resolver& resolver, const HostAnswers& about, std::string base) {
  Question question{owner_of(about.port, base), RecordType::tlsa};
  if (question.name.size() > kMaxName) co_return without_records(Kind::none);
  Answer answer = co_await resolver.resolve_validated(std::move(question), about.mail_owner);
  if (answer.kind == AnswerKind::failed) co_return failed(about, std::move(base), std::move(answer.text));
  if (!answer.authenticated) co_return without_records(Kind::insecure);
  if (answer.kind != AnswerKind::found) co_return without_records(Kind::none);
  HostTlsa tlsa{.kind = Kind::found, .base = base, .port = about.port, .names = other_names(about, base)};
  const std::size_t octets = octets_of(answer.texts) + octets_of(tlsa.names) + base.size();
  if (octets > about.octets_left) {
    std::string why = "over " + std::to_string(kMostTlsaOctets) + " octets in its domain";  // short: destinations keep it
    co_return failed(about, std::move(base), std::move(why));
  }
  std::sort(answer.texts.begin(), answer.texts.end());
  tlsa.records = std::move(answer.texts);
  co_return TlsaFinding{std::move(tlsa), octets, answer.ttl};
}

}  // namespace

std::string HostTlsa::owner() const { return owner_of(port, base); }

// RFC 7672 2.2.2: where a host's name is an alias, the records of the name it stands for come first. An alias that is secure itself may
// lead to addresses that are not: then the alias's own name is the only one.
Task<TlsaFinding> find_tlsa(Resolver& resolver, HostAnswers about) {
  const bool is_alias = about.canonical != about.host;
  if (!about.is_mx_secure) co_return without_records(Kind::mx_insecure);
  if (!about.is_address_secure) {
    if (!is_alias) co_return without_records(Kind::address_insecure);
    Question question{about.host, RecordType::cname};
    Answer alias = co_await resolver.resolve_validated(std::move(question), about.mail_owner);
    if (alias.kind == AnswerKind::failed) co_return failed(about, about.host, std::move(alias.text));
    if (!alias.authenticated) co_return without_records(Kind::address_insecure);
  } else if (is_alias) {
    TlsaFinding finding = co_await ask_at(resolver, about, about.canonical);
    if (finding.tlsa.kind == Kind::found || finding.tlsa.kind == Kind::failed) co_return finding;
  }
  co_return co_await ask_at(resolver, about, about.host);
}

}  // namespace mxpress::dns
