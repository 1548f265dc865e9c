// Makes sessions of events.
#include "mta/tlsrpt/session.h"

#include <algorithm>
#include <array>

#include "dns/target.h"
#include "mta/events/event.h"
#include "mta/sts/policies.h"
#include "proto/envelope.h"
#include "proto/printable.h"

namespace mxpress::mta::tlsrpt {
namespace {

using net::TlsFailure;
using net::TlsPolicy;

constexpr std::size_t kMostOfName = 255;
constexpr std::size_t kMostOfReason = 200;

std::string text_of(const net::TlsaRecord& record) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = std::to_string(record.usage) + " " + std::to_string(record.selector) + " " + std::to_string(record.matching) + " ";
  for (const char c : record.data) {
    const auto octet = static_cast<unsigned char>(c);
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

Policy policy_of_dane(const TlsPolicy& wanted, const dns::Target& target, const std::string& domain) {
  Policy policy{Policy::Type::tlsa, target.tlsa.base.empty() ? domain : proto::printable(target.tlsa.base, kMostOfName)};
  for (const net::TlsaRecord& record : wanted.records()) policy.lines.push_back(text_of(record));
  return policy;
}

std::string age_of(const TlsPolicy& wanted, const std::string& domain, sts::Policies* policies) {
  const auto kept = policies ? policies->find(domain) : std::nullopt;
  if (!kept || kept->policy.mx.size() != wanted.mx_patterns().size()) return {};
  return "max_age: " + std::to_string(kept->policy.max_age.count());
}

Policy policy_of_sts(const TlsPolicy& wanted, const std::string& domain, sts::Policies* policies) {
  Policy policy{Policy::Type::sts, domain};
  policy.lines = {"version: STSv1", wanted.is_testing() ? "mode: testing" : "mode: enforce"};
  for (const net::MxPattern& pattern : wanted.mx_patterns()) {
    policy.lines.push_back("mx: " + pattern.text());
    policy.mx.push_back(pattern.text());
  }
  if (std::string age = age_of(wanted, domain, policies); !age.empty()) policy.lines.push_back(std::move(age));
  return policy;
}

Policy policy_of(const events::Connected& connected, const std::string& domain, sts::Policies* policies) {
  const TlsPolicy& wanted = connected.tls.wanted;
  if (wanted.kind() == TlsPolicy::Kind::dane && wanted.is_by_dns()) return policy_of_dane(wanted, connected.target, domain);
  if (wanted.is_published_sts()) return policy_of_sts(wanted, domain, policies);
  return {Policy::Type::none, domain};
}

// Without a policy any TLS is a success.
bool is_success(const net::TlsResult& tls, Policy::Type type) {
  return tls.reached != net::TlsLevel::clear && (type == Policy::Type::none || tls.failure == TlsFailure::none);
}

}  // namespace

std::string_view to_string(Policy::Type type) {
  switch (type) {
    case Policy::Type::none:
      return "no-policy-found";
    case Policy::Type::tlsa:
      return "tlsa";
    case Policy::Type::sts:
      return "sts";
  }
  return "";
}

std::optional<Policy::Type> policy_type(std::string_view text) {
  for (const auto type : {Policy::Type::none, Policy::Type::tlsa, Policy::Type::sts})
    if (to_string(type) == text) return type;
  return std::nullopt;
}

std::optional<TlsFailure> failure_type(std::string_view text) {
  for (int i = 1; i <= static_cast<int>(TlsFailure::sts_webpki_invalid); ++i)
    if (net::to_string(static_cast<TlsFailure>(i)) == text) return static_cast<TlsFailure>(i);
  return std::nullopt;
}

bool is_report(const proto::Submitter& submitter) { return submitter.entrance == kEntrance && submitter.program == kProgram; }

std::optional<Session> session_of(const events::Connected& connected, sts::Policies* policies) {
  const net::TlsResult& tls = connected.tls;
  if (!connected.envelope || is_report(connected.envelope->submitter) || tls.wanted.kind() == TlsPolicy::Kind::none) return std::nullopt;
  if (connected.envelope->tls == proto::TlsWish::waive) return std::nullopt;  // no policy was asked for
  const proto::Domain& domain = connected.envelope->recipients[connected.recipient].mailbox.domain();
  if (domain.is_address_literal()) return std::nullopt;
  Session session{domain.text(), policy_of(connected, domain.text(), policies)};
  if (is_success(tls, session.policy.type)) return session;
  if (tls.failure == TlsFailure::none) return std::nullopt;
  const auto name = [](std::string_view text) { return proto::printable(text, kMostOfName); };
  session.failure = {tls.failure,
                     name(connected.local_address),
                     name(connected.target.host),
                     name(connected.host_name),
                     connected.target.address.to_string(),
                     proto::printable(tls.detail, kMostOfReason)};
  return session;
}

Session session_of(const std::string& domain, const sts::FetchFailure& failure) {
  return {domain, {Policy::Type::sts, domain}, Failure{.type = failure.type, .reason = proto::printable(failure.why, kMostOfReason)}};
}

}  // namespace mxpress::mta::tlsrpt
