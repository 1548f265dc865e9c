// Verification of certificates, with OpenSSL.
#include "mta/net/tls_certificate.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>

#include "mta/net/trust_anchors.h"
#include "proto/printable.h"

namespace mxpress::mta::net {
namespace {

using net::ReferenceName;
using net::TlsFailure;
using net::TlsPolicy;

// 65537 or smaller in practice. The cost of a verification grows with the exponent.
constexpr int kMaxExponentBits = 33;
constexpr std::size_t kMaxWords = 250;
constexpr int kFewNames = 3;
// RFC 9525 6.3: a wildcard is the whole left-most label; 6.2, 6.4: the subject is ignored, even without subjectAltName.
constexpr unsigned kNameFlags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

bool is_rsa_cheap(const EVP_PKEY* key) {
  if (EVP_PKEY_get_bits(key) > kMaxRsaBits) return false;
  BIGNUM* exponent = nullptr;
  const bool known = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1;
  const bool cheap = known && BN_num_bits(exponent) <= kMaxExponentBits;
  BN_free(exponent);
  return cheap;
}

// True if a signature by this key can be verified in about a millisecond. Keys other than RSA always can (certificate_message.h).
bool is_key_cheap(const X509* certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (!key) return false;
  const int kind = EVP_PKEY_get_base_id(key);
  return (kind != EVP_PKEY_RSA && kind != EVP_PKEY_RSA_PSS) || is_rsa_cheap(key);
}

bool is_chain_cheap(const STACK_OF(X509) * chain) {
  for (int i = 0; i < sk_X509_num(chain); ++i)
    if (!is_key_cheap(sk_X509_value(chain, i))) return false;
  return true;
}

bool has_name(X509* certificate, const ReferenceName& name) {
  if (name.is_address()) return X509_check_ip_asc(certificate, name.text().c_str(), 0) == 1;
  return X509_check_host(certificate, name.text().c_str(), name.text().size(), kNameFlags, nullptr) == 1;
}

bool has_any_name(X509* certificate, const CertificateCheck& check) {
  if (check.policy.kind() == TlsPolicy::Kind::verify) {
    const auto& names = check.policy.names();
    return std::any_of(names.begin(), names.end(), [&](const ReferenceName& name) { return has_name(certificate, name); });
  }
  const auto own = ReferenceName::parse(check.host);
  return own && has_name(certificate, *own);
}

// OpenSSL's error, X509_V_OK if there is none.
int verify(X509_STORE_CTX* verification, const CertificateCheck& check) {
  if (!is_chain_cheap(X509_STORE_CTX_get0_untrusted(verification))) return X509_V_ERR_CERT_CHAIN_TOO_LONG;
  if (X509_verify_cert(verification) <= 0) {
    const int error = X509_STORE_CTX_get_error(verification);
    return error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error;
  }
  if (check.uses_tlsa) return X509_V_OK;  // if the record requires the name, OpenSSL has checked it
  if (check.policy.kind() == TlsPolicy::Kind::dane && check.policy.needs_certificate()) return X509_V_ERR_DANE_NO_MATCH;
  return has_any_name(X509_STORE_CTX_get0_cert(verification), check) ? X509_V_OK : X509_V_ERR_HOSTNAME_MISMATCH;
}

TlsFailure failure_of(int error) {
  switch (error) {
    case X509_V_OK:
      return TlsFailure::none;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return TlsFailure::certificate_expired;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return TlsFailure::certificate_host_mismatch;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_REJECTED:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_CERT_REVOKED:
      return TlsFailure::certificate_not_trusted;
    default:
      return TlsFailure::validation_failure;
  }
}

std::string date(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown day";
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
}

// "mx.example.org, mx2.example.org, ..."
std::string names_in(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)), &GENERAL_NAMES_free);
  std::string text;
  int dns_names = 0;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()) && dns_names <= kFewNames; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS || ++dns_names > kFewNames) continue;
    text += text.empty() ? "" : ", ";
    text.append(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  return text + (dns_names > kFewNames ? ", ..." : "");
}

// Names the records that digest agility has put aside: their owner may think that they count.
std::string no_match(const std::vector<TlsaRecord>& records) {
  std::string text = "the mail host's certificate is not the one of its TLSA records";
  const std::vector<const TlsaRecord*> stronger = set_aside_by(records);
  const auto aside = std::find_if(stronger.begin(), stronger.end(), [](const TlsaRecord* by) { return by != nullptr; });
  if (aside == stronger.end()) return text;
  const TlsaRecord& record = records[static_cast<std::size_t>(aside - stronger.begin())];
  return text + " (" + brief(record) + " does not count beside " + brief(**aside) + ", whose digest is stronger)";
}

std::string detail_of(int error, const X509_STORE_CTX* verification, const TlsPolicy& policy) {
  const X509* at_fault = X509_STORE_CTX_get_current_cert(verification);
  if (!at_fault) at_fault = X509_STORE_CTX_get0_cert(verification);
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the mail host's certificate expired on " + date(X509_get0_notAfter(at_fault));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the mail host's certificate is not valid before " + date(X509_get0_notBefore(at_fault));
    case X509_V_ERR_DANE_NO_MATCH:
      return no_match(policy.records());
    case X509_V_ERR_EE_KEY_TOO_SMALL:
      return "the key of the mail host's certificate is too short";
    case X509_V_ERR_HOSTNAME_MISMATCH: {
      const std::string names = names_in(X509_STORE_CTX_get0_cert(verification));
      return names.empty() ? "the mail host's certificate names no host (subjectAltName)" : "the mail host's certificate is for " + names;
    }
    default:
      return std::string("the mail host's certificate cannot be trusted (") + X509_verify_cert_error_string(error) + ")";
  }
}

// RFC 7672 8.1: of a host with TLSA records the base domain of these is asked for.
const std::string& asked_name(const CertificateCheck& check) {
  const std::string& base = check.policy.dane_names().base;
  return base.empty() ? check.host : base;
}

// RFC 7672 3.1.1: with usage 3 neither names nor dates count; 3.2.2: with usage 2 one of the names does.
bool use_tlsa(SSL* session, const CertificateCheck& check) {
  if (SSL_dane_enable(session, asked_name(check).c_str()) <= 0) return false;
  for (const std::string& name : check.policy.dane_names().others) SSL_add1_host(session, name.c_str());
  SSL_dane_set_flags(session, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
  SSL_set_hostflags(session, kNameFlags);
  bool any = false;
  const std::vector<std::string> reasons = why_unusable(check.policy.records());
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    const net::TlsaRecord& record = check.policy.records()[i];
    if (!reasons[i].empty()) continue;
    const auto* data = reinterpret_cast<const unsigned char*>(record.data.data());
    any |= SSL_dane_tlsa_add(session, record.usage, record.selector, record.matching, data, record.data.size()) > 0;
  }
  ERR_clear_error();
  return any;
}

}  // namespace

void prepare_check(SSL* session, CertificateCheck& check) {
  SSL_set_app_data(session, &check);
  if (const net::TrustAnchors* anchors = check.policy.anchors()) SSL_set1_verify_cert_store(session, anchors->store());
  const auto name = ReferenceName::parse(check.host);
  if (check.host.starts_with('[') || (name && name->is_address())) return;
  SSL_set_tlsext_host_name(session, asked_name(check).c_str());
  if (check.policy.kind() == TlsPolicy::Kind::dane) check.uses_tlsa = use_tlsa(session, check);
}

void SessionFree::operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }

int take_session(SSL* session, SSL_SESSION* resumable) {
  auto& sessions = static_cast<CertificateCheck*>(SSL_get_app_data(session))->sessions;
  if (sessions.size() == kMostSessions) return 0;
  sessions.emplace_back(resumable);
  return 1;
}

int check_certificate(X509_STORE_CTX* verification, void*) {
  const auto* session = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& check = *static_cast<CertificateCheck*>(SSL_get_app_data(session));
  if (!is_key_cheap(X509_STORE_CTX_get0_cert(verification))) {
    check.handshake = HandshakeFailure::rsa_too_large;
    X509_STORE_CTX_set_error(verification, X509_V_ERR_CERT_REJECTED);
    return 0;
  }
  const int error = verify(verification, check);
  X509_STORE_CTX_set_error(verification, error);
  check.verified = error == X509_V_OK;
  if (check.verified || !(check.policy.needs_certificate() || check.policy.is_testing())) return 1;
  check.failure = failure_of(error);
  check.detail = proto::printable(detail_of(error, verification, check.policy), kMaxWords);
  if (!check.policy.needs_certificate()) return 1;
  check.handshake = HandshakeFailure::certificate;
  return 0;
}

}  // namespace mxpress::mta::net
