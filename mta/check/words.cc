// Words for demands.
#include "mta/check/words.h"

#include "mta/net/tls_policy.h"
#include "mta/replies/provider_limits.h"
#include "mta/sts/finding.h"
#include "mta/transport/provider_terms.h"
#include "proto/printable.h"

namespace mxpress::mta::check {
namespace {

using net::TlsPolicy;
using TlsaKind = dns::HostTlsa::Kind;

constexpr std::size_t kMaxWords = 500;

}  // namespace

std::string shown(std::string_view text) { return proto::printable(text, kMaxWords); }

std::string demand_of(const TlsPolicy& policy, std::string_view host) {
  const auto text_of = [](const auto& name) { return name.text(); };
  switch (policy.kind()) {
    case TlsPolicy::Kind::none:
      return "clear text, without STARTTLS";
    case TlsPolicy::Kind::may:
      return "TLS where it works, with any certificate; else clear text";
    case TlsPolicy::Kind::encrypt:
      return "TLS, with any certificate";
    case TlsPolicy::Kind::verify:
      return "TLS with a trusted certificate for " + joined(policy.names(), " or ", text_of);
    case TlsPolicy::Kind::dane:
      if (!policy.unknown_because().empty()) return "no mail for now: " + policy.unknown_because();
      if (!policy.needs_certificate()) return "TLS, with any certificate: none of its TLSA records can be used";
      return "TLS with a certificate that its TLSA records name";
    case TlsPolicy::Kind::sts:
      if (policy.is_testing() && !policy.allows_host(host))
        return "TLS where it works, else clear text; the policy, only tested, does not list it";
      if (policy.is_testing()) return "TLS where it works, else clear text; a certificate for its own name is only tested";
      if (policy.is_published_sts() && !policy.allows_host(host)) return "no mail: the policy does not list it";
      return "TLS with a trusted certificate for its own name, which must be one of " + joined(policy.mx_patterns(), ", ", text_of);
  }
  return {};
}

std::string limit_in_words(const transport::ProviderTerms& terms) {
  if (!terms.limits) return {};
  const replies::ProviderLimits& limits = *terms.limits;
  std::string words = limits.name;
  const auto say = [&](std::size_t number, std::string_view of_what) { words += ", " + std::to_string(number) + std::string(of_what); };
  if (limits.connections != 0)
    say(terms.most_connections,
        terms.place.is_in_pool() ? " connections to all its hosts" : " connections to one address (by the configuration)");
  if (limits.messages != 0) say(terms.most_messages, " messages a connection");
  if (limits.recipients != 0) say(terms.most_recipients, " recipients a transaction");
  for (const Rate& rate : limits.rate) words += ", " + rate.to_string() + " messages";
  return words;
}

std::string_view why_no_dane(TlsaKind kind) {
  switch (kind) {
    case TlsaKind::mx_insecure:
      return "the answer about the mail hosts is not authenticated (DNSSEC)";
    case TlsaKind::address_insecure:
      return "the answer about its addresses is not authenticated (DNSSEC)";
    case TlsaKind::none:
      return "it has no TLSA record";
    case TlsaKind::insecure:
      return "the answer about its TLSA records is not authenticated (DNSSEC)";
    case TlsaKind::not_asked:
    case TlsaKind::found:
    case TlsaKind::failed:
      break;
  }
  return {};
}

std::string in_words(const sts::Finding& finding) {
  if (!finding.policy) return "no MTA-STS: " + shown(finding.why);
  const sts::KeptPolicy& kept = *finding.policy;
  std::string words = "MTA-STS: mode " + std::string(to_string(kept.policy.mode)) + ", id " + shown(kept.id) + ", mx ";
  words += kept.policy.mx.empty() ? "none" : shown(joined(kept.policy.mx, ", ", [](const auto& pattern) { return pattern.text(); }));
  words += ", obeyed until " + proto::rfc5322_date(kept.end());
  return finding.why.empty() ? words : words + " (" + shown(finding.why) + ")";
}

}  // namespace mxpress::mta::check
