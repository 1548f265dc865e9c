// The client's contexts for TLS, with OpenSSL.
#include "mta/smtp/tls.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <memory>

namespace mxpress::mta::smtp {
namespace {

// OpenSSL's own limit is 100 KiB. Real chains have less than 10.
constexpr long kMaxCertificateOctets = 64 * 1024;
constexpr int kMaxChain = 10;
// 65537 and smaller in practice. The cost of a verification grows with the exponent.
constexpr int kMaxExponentBits = 33;

using ContextPtr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

bool takes_small_dh(TlsUse use) { return use == TlsUse::small_dh; }

int max_dh_bits(TlsUse use) { return use == TlsUse::large_dh ? kMaxDhBits : kWorkerDhBits; }

TlsUse use_of(const SSL_CTX* context) { return static_cast<TlsUse>(reinterpret_cast<std::intptr_t>(SSL_CTX_get_app_data(context))); }

// TLS 1.2: OpenSSL asks with the host's parameters, before it computes anything with them.
bool is_dh_in_bounds(const SSL* session, const EVP_PKEY* parameters) {
  const TlsUse use = use_of(SSL_get_SSL_CTX(session));
  const int bits = EVP_PKEY_get_bits(parameters);
  auto* failure = static_cast<TlsFailure*>(SSL_get_app_data(session));
  if (bits < (takes_small_dh(use) ? kMinSmallDhBits : kMinDhBits)) *failure = TlsFailure::dh_too_small;
  if (bits > max_dh_bits(use)) *failure = TlsFailure::dh_too_large;
  return *failure == TlsFailure::none;
}

using SecurityCallback = int (*)(const SSL*, const SSL_CTX*, int, int, int, void*, void*);
SecurityCallback openssl_security = nullptr;  // the same for all contexts; set before the first session

int check_security(const SSL* session, const SSL_CTX* context, int operation, int bits, int nid, void* other, void* extra) {
  if (session && operation == SSL_SECOP_TMP_DH && !is_dh_in_bounds(session, static_cast<const EVP_PKEY*>(other))) return 0;
  return openssl_security(session, context, operation, bits, nid, other, extra);
}

bool is_rsa_cheap(const EVP_PKEY* key) {
  if (EVP_PKEY_get_bits(key) > kMaxRsaBits) return false;
  BIGNUM* exponent = nullptr;
  const bool known = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1;
  const bool cheap = known && BN_num_bits(exponent) <= kMaxExponentBits;
  BN_free(exponent);
  return cheap;
}

// Whether a signature by this key can be verified in about a millisecond.
bool is_key_cheap(const X509* certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (!key) return false;
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      return is_rsa_cheap(key);
    case EVP_PKEY_EC:
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448:
      return true;
    default:
      return false;
  }
}

bool is_chain_cheap(const STACK_OF(X509) * chain) {
  if (sk_X509_num(chain) > kMaxChain) return false;
  for (int i = 0; i < sk_X509_num(chain); ++i)
    if (!is_key_cheap(sk_X509_value(chain, i))) return false;
  return true;
}

// An oversized key of the host ends the handshake. A chain that is costly to verify is not verified: opportunistic TLS takes any
// certificate.
int check_certificate(X509_STORE_CTX* verification, void*) {
  const auto* session = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  if (!is_key_cheap(X509_STORE_CTX_get0_cert(verification))) {
    *static_cast<TlsFailure*>(SSL_get_app_data(session)) = TlsFailure::rsa_too_large;
    X509_STORE_CTX_set_error(verification, X509_V_ERR_CERT_REJECTED);
    return 0;
  }
  if (!is_chain_cheap(X509_STORE_CTX_get0_untrusted(verification))) {
    X509_STORE_CTX_set_error(verification, X509_V_ERR_CERT_CHAIN_TOO_LONG);
  } else if (X509_verify_cert(verification) <= 0 && X509_STORE_CTX_get_error(verification) == X509_V_OK) {
    X509_STORE_CTX_set_error(verification, X509_V_ERR_UNSPECIFIED);
  }
  return 1;
}

// What is kept for TLS 1.2: elliptic curves, then DH, then RSA. No anonymous or DSA keys.
const char* ciphers_of(TlsUse use) {
  if (use == TlsUse::without_dh) return "DEFAULT:!kDHE:!aDSS:!PSK:!SRP:+kRSA";
  if (use == TlsUse::without_rsa) return "DEFAULT:!kDHE:!aRSA:!kRSA:!aDSS:!PSK:!SRP";
  return "DEFAULT:!aDSS:!PSK:!SRP:+kDHE:+kRSA";
}

ContextPtr make_context(TlsUse use) {
  ContextPtr context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  SSL_CTX* native = context.get();
  SSL_CTX_set_app_data(native, reinterpret_cast<void*>(static_cast<std::intptr_t>(use)));
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);  // RFC 8996
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  // Opportunistic TLS takes any key that is better than none (RFC 7435 3).
  SSL_CTX_set_security_level(native, 1);
  SSL_CTX_set_cipher_list(native, ciphers_of(use));
  if (use == TlsUse::without_rsa) SSL_CTX_set1_sigalgs_list(native, "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448");
  // TLS 1.3 has no DH of a host's own choice; without the groups of RFC 7919 it has none.
  SSL_CTX_set1_groups_list(native, "X25519:P-256:X448:P-384:P-521");
  openssl_security = SSL_CTX_get_security_callback(native);
  SSL_CTX_set_security_callback(native, check_security);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(native, check_certificate, nullptr);
  SSL_CTX_set_max_cert_list(native, kMaxCertificateOctets);
  SSL_CTX_set_verify_depth(native, kMaxChain);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

class Contexts {
 public:
  Contexts() {
    for (std::size_t i = 0; i < contexts_.size(); ++i) contexts_[i] = make_context(static_cast<TlsUse>(i));
    // Without a readable store nothing is verified, and nothing needs to be.
    SSL_CTX_set_default_verify_paths(contexts_[0].get());
    for (const ContextPtr& context : contexts_) SSL_CTX_set1_cert_store(context.get(), SSL_CTX_get_cert_store(contexts_[0].get()));
  }
  SSL_CTX* get(TlsUse use) const { return contexts_[static_cast<std::size_t>(use)].get(); }

 private:
  static constexpr std::size_t kOffers = static_cast<std::size_t>(TlsUse::never);
  static ContextPtr none() { return ContextPtr(nullptr, &SSL_CTX_free); }
  std::array<ContextPtr, kOffers> contexts_{none(), none(), none(), none(), none()};
};

}  // namespace

SSL_CTX* client_tls_context(TlsUse use) {
  static const Contexts contexts;
  return contexts.get(use);
}

void prepare_tls() { static_cast<void>(client_tls_context(TlsUse::opportunistic)); }

}  // namespace mxpress::mta::smtp
