// Makes keys with OpenSSL.
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <vector>

#include "proto/encoding.h"
#include "tests/support/dkim_keys.h"

namespace mxpress::testing {
namespace {

using Handle = std::shared_ptr<EVP_PKEY>;

std::string pem_of(const Handle& key, const char* password = nullptr) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PKCS8PrivateKey(memory.get(), key.get(), password ? EVP_aes_128_cbc() : nullptr, nullptr, 0, nullptr,
                                const_cast<char*>(password));
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Handle new_rsa(unsigned bits) { return {EVP_RSA_gen(bits), &EVP_PKEY_free}; }

using Number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

// The builder refers to the number until it has made its parameters.
Number push(OSSL_PARAM_BLD* build, const Handle& from, const char* name) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(from.get(), name, &number);
  OSSL_PARAM_BLD_push_BN(build, name, number);
  return {number, &BN_free};
}

// The public parts of one key, the private ones of another.
Handle mixed(const Handle& a, const Handle& b) {
  OSSL_PARAM_BLD* build = OSSL_PARAM_BLD_new();
  std::vector<Number> numbers;
  numbers.push_back(push(build, a, OSSL_PKEY_PARAM_RSA_N));
  numbers.push_back(push(build, a, OSSL_PKEY_PARAM_RSA_E));
  for (const char* name : {OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2, OSSL_PKEY_PARAM_RSA_EXPONENT1,
                           OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1})
    numbers.push_back(push(build, b, name));
  OSSL_PARAM* params = OSSL_PARAM_BLD_to_param(build);
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(context);
  EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(params);
  OSSL_PARAM_BLD_free(build);
  return {key, &EVP_PKEY_free};
}

}  // namespace

const mta::dkim::Key& rsa_key() {
  static const mta::dkim::Key key = *mta::dkim::Key::generate(mta::dkim::KeyKind::rsa);
  return key;
}

const mta::dkim::Key& ed25519_key() {
  static const mta::dkim::Key key = *mta::dkim::Key::generate(mta::dkim::KeyKind::ed25519);
  return key;
}

const mta::dkim::Key& rfc8463_key() {
  static const std::string secret = *proto::decoded_base64("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
  static const Handle handle(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(secret.data()), secret.size()),
      &EVP_PKEY_free);
  static const mta::dkim::Key key = *mta::dkim::Key::parse(pem_of(handle));
  return key;
}

std::string pem_of_rsa(unsigned bits) { return pem_of(new_rsa(bits)); }

std::string pem_of_curve() { return pem_of({EVP_EC_gen("P-256"), &EVP_PKEY_free}); }

std::string pem_of_pss() {
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_keygen_init(context);
  EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048);
  EVP_PKEY_keygen(context, &key);
  EVP_PKEY_CTX_free(context);
  return pem_of({key, &EVP_PKEY_free});
}

std::string pem_with_password() { return pem_of({EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free}, "secret"); }

std::string pem_of_broken_rsa() { return pem_of(mixed(new_rsa(2048), new_rsa(2048))); }

std::string pkcs1_of(const mta::dkim::Key& key) {
  const auto* at = reinterpret_cast<const unsigned char*>(key.public_key().octets.data());
  const Handle handle(d2i_PUBKEY(nullptr, &at, static_cast<long>(key.public_key().octets.size())), &EVP_PKEY_free);
  unsigned char* der = nullptr;
  const int size = i2d_PublicKey(handle.get(), &der);
  std::string octets(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return octets;
}

}  // namespace mxpress::testing
