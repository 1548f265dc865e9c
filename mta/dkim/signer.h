// Signs: the fields of one message and the digest of its body become DKIM-Signature fields.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "mta/dkim/body_hash.h"
#include "mta/dkim/key_ring.h"
#include "mta/dkim/signed_fields.h"
#include "queue/guarded.h"

namespace mxpress::mta::dkim {

// The newest signatures, by what was signed. A signature depends on nothing else: no time is in it, and a domain and selector have one key.
// Any thread; two that sign the same at the same time both compute.
class SignatureCache {
 public:
  static constexpr std::size_t kMost = 4096;  // some 2 MiB; the oldest go first

  std::optional<std::string> find(const Digest& signed_digest);
  void keep(const Digest& signed_digest, const std::string& signature);

 private:
  struct Known {
    std::map<Digest, std::string> signatures;
    std::deque<Digest> by_age;
  };
  queue::Guarded<Known> known_;
};

// Keys and what they have signed. Keys that change make a new Signer. Any thread.
class Signer {
 public:
  struct Signature {
    std::string field;       // with CRLF
    bool was_known = false;  // the same content was signed before: nothing was computed
  };

  explicit Signer(KeyRing ring) : ring_(std::move(ring)) {}

  const KeyRing& ring() const { return ring_; }
  // `identity` and `key` are of the ring.
  Result<Signature> sign(const Identity& identity, const SigningKey& key, const SignedFields& fields, const BodyDigest& body);

 private:
  const KeyRing ring_;
  SignatureCache cache_;
};

}  // namespace mxpress::mta::dkim
