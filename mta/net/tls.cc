// The client's contexts for TLS, with OpenSSL.
#include "mta/net/tls.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <memory>

#include "mta/net/certificate_message.h"
#include "mta/net/tls_certificate.h"

namespace mxpress::mta::net {
namespace {

using ContextPtr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

bool is_weak(TlsOffer offer) { return offer == TlsOffer::relaxed || offer == TlsOffer::legacy; }

int max_dh_bits(TlsOffer offer) { return offer == TlsOffer::large_dh ? kMaxDhBits : kWorkerDhBits; }

TlsOffer offer_of(const SSL_CTX* context) { return static_cast<TlsOffer>(reinterpret_cast<std::intptr_t>(SSL_CTX_get_app_data(context))); }

// TLS 1.2: OpenSSL calls this with the host's parameters, before it computes anything with them.
bool is_dh_in_bounds(const SSL* session, const EVP_PKEY* parameters) {
  const TlsOffer offer = offer_of(SSL_get_SSL_CTX(session));
  const int bits = EVP_PKEY_get_bits(parameters);
  HandshakeFailure& failure = static_cast<CertificateCheck*>(SSL_get_app_data(session))->handshake;
  if (bits < (is_weak(offer) ? kMinSmallDhBits : kMinDhBits)) failure = HandshakeFailure::dh_too_small;
  if (bits > max_dh_bits(offer)) failure = HandshakeFailure::dh_too_large;
  return failure == HandshakeFailure::none;
}

using SecurityCallback = int (*)(const SSL*, const SSL_CTX*, int, int, int, void*, void*);
SecurityCallback openssl_security = nullptr;  // the same for all contexts; set before the first session

int check_security(const SSL* session, const SSL_CTX* context, int operation, int bits, int nid, void* other, void* extra) {
  if (session && operation == SSL_SECOP_TMP_DH && !is_dh_in_bounds(session, static_cast<const EVP_PKEY*>(other))) return 0;
  return openssl_security(session, context, operation, bits, nid, other, extra);
}

// The ciphers for TLS 1.2: elliptic curves, then DH, then RSA. No anonymous or DSA keys.
const char* ciphers_of(TlsOffer offer) {
  if (offer == TlsOffer::without_dh) return "DEFAULT:!kDHE:!aDSS:!PSK:!SRP:+kRSA";
  if (offer == TlsOffer::without_rsa) return "DEFAULT:!kDHE:!aRSA:!kRSA:!aDSS:!PSK:!SRP";
  return "DEFAULT:!aDSS:!PSK:!SRP:+kDHE:+kRSA";
}

// In TLS 1.3 a host cannot choose its own DH groups; without those of RFC 7919 there is no DH.
constexpr const char* kClassicGroups = "X25519:P-256:X448:P-384:P-521";

// The key share of X25519 alone is sent ("*"): that of the post-quantum group would make the first message longer than a packet, which some
// hosts and middleboxes do not answer. A host that wants the group asks for it.
bool add_post_quantum_groups([[maybe_unused]] SSL_CTX* context) {
#if OPENSSL_VERSION_NUMBER >= 0x30500000L
  return SSL_CTX_set1_groups_list(context, "X25519MLKEM768:*X25519:P-256:X448:P-384:P-521") == 1;
#else
  return false;
#endif
}

void set_groups(SSL_CTX* context, TlsOffer offer) {
  if (offer == TlsOffer::usual && add_post_quantum_groups(context)) return;
  ERR_clear_error();
  SSL_CTX_set1_groups_list(context, kClassicGroups);
}

void set_versions(SSL_CTX* context, TlsOffer offer) {
  SSL_CTX_set_min_proto_version(context, offer == TlsOffer::legacy ? TLS1_VERSION : TLS1_2_VERSION);  // RFC 8996
  if (offer == TlsOffer::tls12) SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
}

ContextPtr make_context(TlsOffer offer) {
  ContextPtr context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  SSL_CTX* native = context.get();
  SSL_CTX_set_app_data(native, reinterpret_cast<void*>(static_cast<std::intptr_t>(offer)));
  set_versions(native, offer);
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
#ifdef SSL_OP_NO_RX_CERTIFICATE_COMPRESSION  // since OpenSSL 3.2
  SSL_CTX_set_options(native, SSL_OP_NO_RX_CERTIFICATE_COMPRESSION);
#endif
  // RFC 7435 3: for opportunistic TLS any key is better than none.
  SSL_CTX_set_security_level(native, is_weak(offer) ? 0 : 1);
  if (is_weak(offer)) SSL_CTX_set_options(native, SSL_OP_LEGACY_SERVER_CONNECT);
  SSL_CTX_set_cipher_list(native, ciphers_of(offer));
  if (offer == TlsOffer::without_rsa) SSL_CTX_set1_sigalgs_list(native, "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448");
  set_groups(native, offer);
  openssl_security = SSL_CTX_get_security_callback(native);
  SSL_CTX_set_security_callback(native, check_security);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(native, check_certificate, nullptr);
  SSL_CTX_dane_enable(native);
  static_assert(kMaxCertificateOctets <= kMaxRequestOctets);
  SSL_CTX_set_max_cert_list(native, kMaxRequestOctets);  // of both messages
  SSL_CTX_set_verify_depth(native, kMaxCertificates);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);  // tls_sessions.h has them
  SSL_CTX_sess_set_new_cb(native, take_session);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

class Contexts {
 public:
  Contexts() {
    for (std::size_t i = 0; i < contexts_.size(); ++i) contexts_[i] = make_context(static_cast<TlsOffer>(i));
    // Without a readable store no certificate can be verified.
    SSL_CTX_set_default_verify_paths(contexts_[0].get());
    for (const ContextPtr& context : contexts_) SSL_CTX_set1_cert_store(context.get(), SSL_CTX_get_cert_store(contexts_[0].get()));
  }
  SSL_CTX* get(TlsOffer offer) const { return contexts_[static_cast<std::size_t>(offer)].get(); }

 private:
  static constexpr std::size_t kOffers = static_cast<std::size_t>(TlsOffer::clear);
  static ContextPtr none() { return ContextPtr(nullptr, &SSL_CTX_free); }
  std::array<ContextPtr, kOffers> contexts_{none(), none(), none(), none(), none(), none(), none(), none()};
};

}  // namespace

SSL_CTX* client_tls_context(TlsOffer offer) {
  static const Contexts contexts;
  return contexts.get(offer);
}

bool has_post_quantum() {
  static const bool has = [] {
    const ContextPtr context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    const bool done = add_post_quantum_groups(context.get());
    ERR_clear_error();
    return done;
  }();
  return has;
}

void prepare_tls() { static_cast<void>(client_tls_context(TlsOffer::usual)); }

}  // namespace mxpress::mta::net
