// Reads, makes and uses keys with OpenSSL.
#include "mta/dkim/key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <utility>

namespace mxpress::mta::dkim {
namespace {

using PublicHandle = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

constexpr int kEd25519Bits = 256;
constexpr std::size_t kEd25519Octets = 32;
// 65537 or smaller in practice. Some verifiers refuse more, and the cost of a verification grows with it.
constexpr int kMostExponentBits = 33;
constexpr std::string_view kHowToMake = "; make one with: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048";

const unsigned char* octets_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Error refused(std::string_view what, std::string_view advice = kHowToMake) { return Error::permanent(std::string(what).append(advice)); }

int give_no_password(char*, int, int, void*) { return -1; }

bool has_block(std::string_view pem, std::string_view name) {
  return pem.find("-----BEGIN " + std::string(name) + "-----") != std::string_view::npos;
}

// For text in which OpenSSL finds no private key.
Error unreadable(std::string_view pem) {
  if (has_block(pem, "ENCRYPTED PRIVATE KEY") || pem.find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos)
    return refused("the key has a password, which mxpress cannot ask for", "; take it off with: openssl pkey -in OLD -out NEW");
  if (has_block(pem, "PRIVATE KEY") || has_block(pem, "RSA PRIVATE KEY"))
    return refused("the private key is damaged: its PEM text cannot be decoded", "; copy the file again from where the key was made");
  if (has_block(pem, "OPENSSH PRIVATE KEY")) return refused("this is a key of OpenSSH, which DKIM has no use for");
  if (has_block(pem, "PUBLIC KEY") || has_block(pem, "RSA PUBLIC KEY"))
    return refused("this is a public key; signing needs the private one", ", the file that begins with -----BEGIN PRIVATE KEY-----");
  if (has_block(pem, "CERTIFICATE"))
    return refused("this is a certificate; signing needs a private key", ", the file that begins with -----BEGIN PRIVATE KEY-----");
  return refused("there is no private key in PEM text (-----BEGIN PRIVATE KEY-----)");
}

std::string spki_of(const EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  std::string octets(reinterpret_cast<const char*>(der), size > 0 ? static_cast<std::size_t>(size) : 0);
  OPENSSL_free(der);
  return octets;
}

bool has_usual_exponent(const EVP_PKEY* key) {
  BIGNUM* exponent = nullptr;
  const bool known = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1;
  const bool usual = known && BN_num_bits(exponent) <= kMostExponentBits;
  BN_free(exponent);
  return usual;
}

Result<PublicKey> rsa_of(const EVP_PKEY* key, int least_bits = kLeastRsaBits) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < least_bits)
    return refused("the RSA key has " + std::to_string(bits) + " bits; receivers want 2048 or more, and refuse below 1024 (RFC 8301)");
  if (bits > kMostRsaBits)
    return refused("the RSA key has " + std::to_string(bits) + " bits; 4096 is the most whose record all receivers read");
  if (!has_usual_exponent(key)) return refused("the RSA key has an unusually large public exponent");
  return PublicKey{KeyKind::rsa, spki_of(key), bits};
}

Result<PublicKey> ed25519_of(const EVP_PKEY* key) {
  std::string octets(kEd25519Octets, '\0');
  std::size_t size = octets.size();
  if (EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(octets.data()), &size) != 1)
    return refused("OpenSSL cannot tell the public key of this Ed25519 key");
  return PublicKey{KeyKind::ed25519, std::move(octets), kEd25519Bits};
}

Result<PublicKey> public_key_of(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return rsa_of(key);
    case EVP_PKEY_ED25519:
      return ed25519_of(key);
    case EVP_PKEY_RSA_PSS:
      return refused("this RSA key is for PSS signatures alone, which DKIM does not have");
    default:
      return refused(std::string("this is a key of another kind (") + OBJ_nid2sn(EVP_PKEY_get_base_id(key)) +
                     "); DKIM has RSA and Ed25519");
  }
}

PublicHandle handle_of(const PublicKey& key) {
  const unsigned char* octets = octets_of(key.octets);
  if (key.kind == KeyKind::ed25519)
    return {EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets, key.octets.size()), &EVP_PKEY_free};
  return {d2i_PUBKEY(nullptr, &octets, static_cast<long>(key.octets.size())), &EVP_PKEY_free};
}

bool is_prepared_for_rsa(EVP_PKEY_CTX* context) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 && EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1;
}

bool sign_rsa(EVP_PKEY* key, const Digest& digest, std::string& signature) {
  const KeyContext context(EVP_PKEY_CTX_new(key, nullptr), &EVP_PKEY_CTX_free);
  if (!context || EVP_PKEY_sign_init(context.get()) != 1 || !is_prepared_for_rsa(context.get())) return false;
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
  signature.resize(size);
  if (EVP_PKEY_sign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, digest.data(), digest.size()) != 1)
    return false;
  signature.resize(size);
  return true;
}

bool sign_ed25519(EVP_PKEY* key, const Digest& digest, std::string& signature) {
  const DigestContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) != 1) return false;
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
  signature.resize(size);
  return EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, digest.data(), digest.size()) == 1;
}

bool verify_rsa(EVP_PKEY* key, const Digest& digest, std::string_view signature) {
  const KeyContext context(EVP_PKEY_CTX_new(key, nullptr), &EVP_PKEY_CTX_free);
  if (!context || EVP_PKEY_verify_init(context.get()) != 1 || !is_prepared_for_rsa(context.get())) return false;
  return EVP_PKEY_verify(context.get(), octets_of(signature), signature.size(), digest.data(), digest.size()) == 1;
}

bool verify_ed25519(EVP_PKEY* key, const Digest& digest, std::string_view signature) {
  const DigestContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) != 1) return false;
  return EVP_DigestVerify(context.get(), octets_of(signature), signature.size(), digest.data(), digest.size()) == 1;
}

}  // namespace

std::string_view name_of(KeyKind kind) { return kind == KeyKind::rsa ? "rsa" : "ed25519"; }

Result<PublicKey> rsa_public_key(std::string_view der, int least_bits) {
  const unsigned char* at = octets_of(der);
  const PublicHandle key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())), &EVP_PKEY_free);
  const bool is_whole = key && at == octets_of(der) + der.size();
  at = octets_of(der);
  const PublicHandle pkcs1(key ? nullptr : d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(der.size())), &EVP_PKEY_free);
  ERR_clear_error();
  if (pkcs1) return refused("the key is in the form of PKCS#1, which most verifiers refuse", "; publish it as SubjectPublicKeyInfo");
  if (!is_whole) return refused("this is no public key (SubjectPublicKeyInfo)", "; publish the record that mxpress prints");
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return refused("the key is not the RSA key that the record says", "");
  return rsa_of(key.get(), least_bits);
}

Result<Key> Key::of(Shared key) {
  Result<PublicKey> public_key = public_key_of(key.get());
  if (!public_key.ok()) return public_key.error();
  Key made(std::move(key), std::move(*public_key));
  const Digest digest = sha256("a first signature");
  const Result<std::string> signature = made.sign(digest);
  if (!signature.ok() || !verify(made.public_key(), digest, *signature))
    return refused("the private key is damaged: its signatures do not fit its public key");
  return made;
}

Result<Key> Key::parse(std::string_view pem) {
  const Memory text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  Shared key(text ? PEM_read_bio_PrivateKey(text.get(), nullptr, &give_no_password, nullptr) : nullptr, &EVP_PKEY_free);
  ERR_clear_error();
  if (!key) return unreadable(pem);
  return of(std::move(key));
}

Result<Key> Key::generate(KeyKind kind, int bits) {
  if (kind == KeyKind::rsa && (bits < kLeastRsaBits || bits > kMostRsaBits))
    return refused("an RSA key for DKIM has 2048 to 4096 bits, not " + std::to_string(bits), "");
  Shared key(kind == KeyKind::rsa ? EVP_RSA_gen(static_cast<unsigned>(bits)) : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"),
             &EVP_PKEY_free);
  if (!key) return Error::transient("OpenSSL cannot make a key now");
  return of(std::move(key));
}

std::string Key::pem() const {
  const Memory text(BIO_new(BIO_s_mem()), &BIO_free);
  char* octets = nullptr;
  if (!text || PEM_write_bio_PrivateKey(text.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) return {};
  const long size = BIO_get_mem_data(text.get(), &octets);
  return {octets, static_cast<std::size_t>(size)};
}

Result<std::string> Key::sign(const Digest& digest) const {
  std::string signature;
  const bool made = kind() == KeyKind::rsa ? sign_rsa(key_.get(), digest, signature) : sign_ed25519(key_.get(), digest, signature);
  ERR_clear_error();
  if (!made) return Error::transient("OpenSSL cannot sign now");
  return signature;
}

bool verify(const PublicKey& key, const Digest& digest, std::string_view signature) {
  const PublicHandle handle = handle_of(key);
  if (!handle) return false;
  const bool fits =
      key.kind == KeyKind::rsa ? verify_rsa(handle.get(), digest, signature) : verify_ed25519(handle.get(), digest, signature);
  ERR_clear_error();
  return fits;
}

}  // namespace mxpress::mta::dkim
