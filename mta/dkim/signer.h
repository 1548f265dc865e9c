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
  // A signature, but for its value.
  struct Draft {
    std::string field;                 // field_without_value()
    Digest digest;                     // that the key signs
    std::optional<std::string> known;  // what it gave when the same content was signed before
  };

  explicit Signer(KeyRing ring);

  const KeyRing& ring() const { return ring_; }
  // `identity` and `key` are of the ring.
  Draft draft(const Identity& identity, const SigningKey& key, const SignedFields& fields, const BodyDigest& body);
  // What the key gave for the digest of a draft.
  void keep(const Digest& digest, const std::string& value) { cache_.keep(digest, value); }
  // Of all signatures of one message together, with CRLF, at most.
  std::size_t most_octets() const { return most_octets_; }

 private:
  const KeyRing ring_;
  const std::size_t most_octets_ = 0;
  SignatureCache cache_;
};

}  // namespace mxpress::mta::dkim
