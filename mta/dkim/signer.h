// Signs: makes DKIM-Signature fields from the fields of a message and the digest of its body.
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

// The newest signatures, by their signed data. A signature depends on nothing else: it has no time, and a domain and selector have one key.
// Any thread; two threads that sign the same data at the same time both compute.
class SignatureCache {
 public:
  static constexpr std::size_t kMost = 4096;  // some 2 MiB; the oldest are dropped first

  std::optional<std::string> find(const Digest& signed_digest);
  void keep(const Digest& signed_digest, const std::string& signature);

 private:
  struct Known {
    std::map<Digest, std::string> signatures;
    std::deque<Digest> by_age;
  };
  queue::Guarded<Known> known_;
};

// Keys, and their recent signatures. New keys make a new Signer. Any thread.
class Signer {
 public:
  // A signature without its value.
  struct Draft {
    std::string field;                 // field_without_value()
    Digest digest;                     // to be signed by the key
    std::optional<std::string> known;  // the value from an earlier signature of the same content
  };

  explicit Signer(KeyRing ring);

  const KeyRing& ring() const { return ring_; }
  // `identity` and `key` must be of the ring.
  Draft draft(const Identity& identity, const SigningKey& key, const SignedFields& fields, const BodyDigest& body);
  // Stores the key's signature for the digest of a draft.
  void keep(const Digest& digest, const std::string& value) { cache_.keep(digest, value); }
  // The maximum of all signatures of one message together, with CRLF.
  std::size_t most_octets() const { return most_octets_; }

 private:
  const KeyRing ring_;
  const std::size_t most_octets_ = 0;
  SignatureCache cache_;
};

}  // namespace mxpress::mta::dkim
