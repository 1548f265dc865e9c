// Keys, certificates and parameters for servers of the tests, with OpenSSL.
#include "tests/support/tls_server.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <vector>

namespace mxpress::testing {
namespace {

using mta::net::TlsEngine;
using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

Number number() { return {BN_new(), &BN_free}; }

EVP_PKEY* key_of(const char* type, int selection, std::vector<std::pair<const char*, const BIGNUM*>> numbers) {
  OSSL_PARAM_BLD* builder = OSSL_PARAM_BLD_new();
  for (const auto& [name, value] : numbers) OSSL_PARAM_BLD_push_BN(builder, name, value);
  OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(context);
  EVP_PKEY_fromdata(context, &key, selection, parameters);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  return key;
}

// n = p1 * p2 * ..., d = e^-1 mod (p1 - 1)(p2 - 1)...; only n, e and d are used.
EVP_PKEY* make_rsa(int bits, int exponent_bits) {
  constexpr int kPrimeBits = 256;
  std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context(BN_CTX_new(), &BN_CTX_free);
  Number n = number(), phi = number(), e = number(), d = number(), prime = number();
  BN_one(n.get());
  BN_one(phi.get());
  for (int i = 0; i < bits / kPrimeBits; ++i) {
    BN_generate_prime_ex(prime.get(), kPrimeBits, 0, nullptr, nullptr, nullptr);
    BN_mul(n.get(), n.get(), prime.get(), context.get());
    BN_sub_word(prime.get(), 1);
    BN_mul(phi.get(), phi.get(), prime.get(), context.get());
  }
  BN_set_word(e.get(), 65537);
  if (exponent_bits > 17) BN_rand(e.get(), exponent_bits, 0, BN_RAND_BOTTOM_ODD);
  while (!BN_mod_inverse(d.get(), e.get(), phi.get(), context.get())) BN_add_word(e.get(), 2);
  return key_of("RSA", EVP_PKEY_KEYPAIR,
                {{OSSL_PKEY_PARAM_RSA_N, n.get()}, {OSSL_PKEY_PARAM_RSA_E, e.get()}, {OSSL_PKEY_PARAM_RSA_D, d.get()}});
}

EVP_PKEY* make_dh_group(int bits) {
  Number p = number(), g = number();
  BN_rand(p.get(), bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
  BN_set_word(g.get(), 2);
  return key_of("DH", EVP_PKEY_KEY_PARAMETERS, {{OSSL_PKEY_PARAM_FFC_P, p.get()}, {OSSL_PKEY_PARAM_FFC_G, g.get()}});
}

X509* make_certificate(const char* name, EVP_PKEY* key, EVP_PKEY* signer, std::size_t comment_octets = 0) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name), -1, -1,
                             0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  if (comment_octets > 0) {
    const std::string comment(comment_octets, 'x');
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_netscape_comment, comment.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(certificate, signer, EVP_sha256());
  return certificate;
}

void use_key(SSL_CTX* context, EVP_PKEY* key) {
  X509* certificate = make_certificate("mx.there.example", key, key);
  SSL_CTX_use_certificate(context, certificate);
  SSL_CTX_use_PrivateKey(context, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

}  // namespace

void use_ec_certificate(SSL_CTX* context) { use_key(context, EVP_EC_gen("P-256")); }

void use_rsa_certificate(SSL_CTX* context, int bits, int exponent_bits) { use_key(context, make_rsa(bits, exponent_bits)); }

void add_to_chain(SSL_CTX* context, int certificates, std::size_t comment_octets) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  for (int i = 0; i < certificates; ++i) {
    const std::string name = "ca" + std::to_string(i) + ".there.example";
    SSL_CTX_add_extra_chain_cert(context, make_certificate(name.c_str(), key, key, comment_octets));
  }
  EVP_PKEY_free(key);
}

void add_to_chain(SSL_CTX* context, const ChainKey& wish) {
  const bool is_edwards = std::string_view(wish.kind).starts_with("ED");
  EVP_PKEY* key = is_edwards ? EVP_PKEY_Q_keygen(nullptr, nullptr, wish.kind) : EVP_EC_gen(wish.kind);
  if (wish.encoding) EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, wish.encoding);
  if (wish.points) EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, wish.points);
  EVP_PKEY* signer = EVP_EC_gen("P-256");
  SSL_CTX_add_extra_chain_cert(context, make_certificate("ca.there.example", key, signer));
  EVP_PKEY_free(signer);
  EVP_PKEY_free(key);
}

void ask_for_certificate(SSL_CTX* context, int authorities, std::size_t name_octets) {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  STACK_OF(X509_NAME)* names = sk_X509_NAME_new_null();
  for (int i = 0; i < authorities; ++i) {
    X509_NAME* name = X509_NAME_new();
    const std::string text(name_octets, 'x');
    X509_NAME_add_entry_by_NID(name, NID_dnQualifier, V_ASN1_PRINTABLESTRING, reinterpret_cast<const unsigned char*>(text.data()),
                               static_cast<int>(text.size()), -1, 0);
    sk_X509_NAME_push(names, name);
  }
  SSL_CTX_set_client_CA_list(context, names);
}

void allow_tls12_at_most(SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); }

void prefer_dh(SSL_CTX* context, int bits) {
  allow_tls12_at_most(context);
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_cipher_list(context, "kDHE:ALL");
  SSL_CTX_set0_tmp_dh_pkey(context, make_dh_group(bits));
}

void insist_on_dh(SSL_CTX* context, int bits) {
  prefer_dh(context, bits);
  SSL_CTX_set_cipher_list(context, "kDHE");
}

MemoryTlsServer::MemoryTlsServer(const PrepareTls& prepare) : context_(SSL_CTX_new(TLS_server_method())) {
  prepare(context_);
  session_ = SSL_new(context_);
  SSL_set_bio(session_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_accept_state(session_);
}

MemoryTlsServer::~MemoryTlsServer() {
  SSL_free(session_);
  SSL_CTX_free(context_);
}

bool MemoryTlsServer::feed(TlsEngine& client) {
  const auto space = client.input_space();
  const int count = BIO_read(SSL_get_wbio(session_), space.data(), static_cast<int>(space.size()));
  if (count <= 0) return false;
  client.input_arrived(static_cast<std::size_t>(count));
  return true;
}

void MemoryTlsServer::hear(TlsEngine& client) {
  const std::string output = client.take_output();
  if (!output.empty()) BIO_write(SSL_get_rbio(session_), output.data(), static_cast<int>(output.size()));
}

TlsEngine::Step MemoryTlsServer::shake(TlsEngine& client) {
  while (true) {
    const TlsEngine::Step step = client.handshake();
    hear(client);
    if (step == TlsEngine::Step::failed) return step;
    SSL_do_handshake(session_);
    if (step == TlsEngine::Step::done || !feed(client)) return step;
  }
}

TlsEngine::Step MemoryTlsServer::let_read(TlsEngine& client, std::string& said) {
  while (true) {
    std::array<char, 4096> buffer;
    std::size_t count = 0;
    const TlsEngine::Step step = client.read(buffer, count);
    said.append(buffer.data(), count);
    hear(client);
    if (step == TlsEngine::Step::failed) return step;
    if (step == TlsEngine::Step::wants_input && !feed(client)) return step;
  }
}

std::string MemoryTlsServer::take_heard() {
  std::string heard;
  std::array<char, 4096> buffer;
  int count;
  while ((count = SSL_read(session_, buffer.data(), static_cast<int>(buffer.size()))) > 0)
    heard.append(buffer.data(), static_cast<std::size_t>(count));
  return heard;
}

std::size_t MemoryTlsServer::unread() const { return BIO_ctrl_pending(SSL_get_rbio(session_)); }

}  // namespace mxpress::testing
