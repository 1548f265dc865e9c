// The keys that sign: RSA with 2048 to 4096 bits (RFC 6376, RFC 8301) and Ed25519 (RFC 8463).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "mta/dkim/sha256.h"
#include "proto/result.h"

struct evp_pkey_st;

namespace mxpress::mta::dkim {

enum class KeyKind { rsa, ed25519 };

// "rsa", "ed25519": the tag k= of a key record, and the first part of the tag a= of a signature.
std::string_view name_of(KeyKind kind);

inline constexpr int kLeastRsaBits = 2048;
inline constexpr int kMostRsaBits = 4096;

// Two are equal if they are the same key.
struct PublicKey {
  KeyKind kind = KeyKind::rsa;
  std::string octets;  // as in a key record: SubjectPublicKeyInfo of RSA (DER), the 32 octets of Ed25519
  int bits = 0;

  bool operator==(const PublicKey&) const = default;
};

// An RSA public key in DER: exactly a SubjectPublicKeyInfo. Otherwise the Error describes it.
Result<PublicKey> rsa_public_key(std::string_view der, int least_bits = kLeastRsaBits);

// A private key. Copies share it; any thread.
class Key {
 public:
  // PEM text: "-----BEGIN PRIVATE KEY-----" or "-----BEGIN RSA PRIVATE KEY-----", without password. The key is tested by a signature that
  // its public key must verify. The Error has the action to take.
  static Result<Key> parse(std::string_view pem);
  // `bits`: for RSA, in the range above. RSA-2048 takes some 100 ms, RSA-4096 a second or more.
  static Result<Key> generate(KeyKind kind, int bits = kLeastRsaBits);

  KeyKind kind() const { return public_.kind; }
  const PublicKey& public_key() const { return public_; }
  // PKCS#8, without password.
  std::string pem() const;
  // RSASSA-PKCS1-v1_5 (some 0.25 ms with 2048 bits, 1.7 ms with 4096) or pure Ed25519 (RFC 8463 3) over a SHA-256 digest. The Error is
  // transient: a key that was parsed can sign.
  Result<std::string> sign(const Digest& digest) const;

 private:
  using Shared = std::shared_ptr<evp_pkey_st>;
  Key(Shared key, PublicKey public_key) : key_(std::move(key)), public_(std::move(public_key)) {}
  static Result<Key> of(Shared key);

  Shared key_;
  PublicKey public_;
};

// True if this is the signature of that digest.
bool verify(const PublicKey& key, const Digest& digest, std::string_view signature);

}  // namespace mxpress::mta::dkim
