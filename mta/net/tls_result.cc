// Results of TLS in words.
#include "mta/net/tls_result.h"

#include <algorithm>

namespace mxpress::mta::net {
namespace {

constexpr std::size_t kFewNames = 3;

std::string names_of(const TlsPolicy& policy) {
  std::string names;
  for (std::size_t i = 0; i < std::min(policy.names().size(), kFewNames); ++i)
    names.append(i == 0 ? "" : " or ").append(policy.names()[i].text());
  return names.empty() ? "(no name)" : names;
}

std::string wanted_by(const TlsPolicy& policy, std::string_view host) {
  switch (policy.kind()) {
    case TlsPolicy::Kind::verify:
      return "TLS with a trusted certificate for " + names_of(policy);
    case TlsPolicy::Kind::dane:
      if (!policy.needs_certificate()) return "TLS";
      return "TLS with a certificate that the host's TLSA records name";
    case TlsPolicy::Kind::sts:
      return "TLS with a trusted certificate for " + std::string(host);
    default:
      return "TLS";
  }
}

constexpr const char* kNotListed = "the policy does not list this mail host";

std::string_view remedy_for(const TlsResult& result) {
  const auto& [policy, reached, failure, detail] = result;
  if (policy.is_published_sts() && detail == kNotListed) return "its administrator can list it, or take it out of the MX records";
  if (policy.is_by_dns() && failure == TlsFailure::validation_failure)
    return "its operator can publish TLSA records for the certificate that it has";
  switch (failure) {
    case TlsFailure::dnssec_invalid:
      return "its operator can repair its DNS";
    case TlsFailure::starttls_not_supported:
      return "its operator can enable STARTTLS";
    case TlsFailure::certificate_host_mismatch:
      return "its operator can use a certificate with this name";
    case TlsFailure::certificate_expired:
      return "its operator can renew the certificate";
    case TlsFailure::certificate_not_trusted:
      return "its operator can use a certificate of an authority that this system trusts";
    default:
      return "its operator can correct that";
  }
}

}  // namespace

std::string_view to_string(TlsFailure failure) {
  switch (failure) {
    case TlsFailure::none:
      return "none";
    case TlsFailure::starttls_not_supported:
      return "starttls-not-supported";
    case TlsFailure::certificate_host_mismatch:
      return "certificate-host-mismatch";
    case TlsFailure::certificate_expired:
      return "certificate-expired";
    case TlsFailure::certificate_not_trusted:
      return "certificate-not-trusted";
    case TlsFailure::validation_failure:
      return "validation-failure";
    case TlsFailure::tlsa_invalid:
      return "tlsa-invalid";
    case TlsFailure::dnssec_invalid:
      return "dnssec-invalid";
    case TlsFailure::dane_required:
      return "dane-required";
    case TlsFailure::sts_policy_fetch_error:
      return "sts-policy-fetch-error";
    case TlsFailure::sts_policy_invalid:
      return "sts-policy-invalid";
    case TlsFailure::sts_webpki_invalid:
      return "sts-webpki-invalid";
  }
  return "";
}

std::string_view to_string(TlsLevel level) {
  switch (level) {
    case TlsLevel::clear:
      return "clear";
    case TlsLevel::encrypted:
      return "encrypted";
    case TlsLevel::verified:
      return "verified";
  }
  return "";
}

TlsResult result_before_connect(TlsPolicy wanted, std::string_view host) {
  TlsResult result;
  if (!wanted.unknown_because().empty()) {
    result.failure = TlsFailure::dnssec_invalid;
    result.detail = wanted.unknown_because();
  } else if (!wanted.allows_host(host)) {
    result.failure = TlsFailure::validation_failure;
    result.detail = kNotListed;
  }
  result.wanted = std::move(wanted);
  return result;
}

bool is_enough(const TlsPolicy& wanted, TlsLevel reached) {
  if (wanted.allows_clear()) return true;
  return reached >= (wanted.needs_certificate() ? TlsLevel::verified : TlsLevel::encrypted);
}

std::string in_words(const TlsResult& result, std::string_view host) {
  const std::string& source = result.wanted.source();
  std::string words = wanted_by(result.wanted, host) + " is required";
  if (!source.empty()) words += " by " + source;
  words.append(", but ").append(result.detail.empty() ? "the mail host does not offer STARTTLS" : result.detail).append("; ");
  words.append(remedy_for(result));
  if (result.wanted.is_by_dns()) return words + ", or mail can go without DANE ([delivery] dane)";
  if (result.wanted.is_published_sts()) return words + ", or mail can go without MTA-STS ([delivery] mta_sts)";
  return words + ", or the policy can be changed";
}

}  // namespace mxpress::mta::net
