// Makes each signature once.
#include "mta/dkim/signer.h"

#include <algorithm>
#include <utility>

#include "mta/dkim/signature.h"

namespace mxpress::mta::dkim {
namespace {

std::size_t octets_of_value(const PublicKey& key) {
  const auto bits = static_cast<std::size_t>(key.bits);
  return key.kind == KeyKind::rsa ? bits / 8 : bits / 4;
}

// An eighth more for line ends between names.
std::size_t most_octets_of(const Identity& identity) {
  std::size_t sum = 0;
  for (const SigningKey& key : identity.keys) {
    const std::string names(kMostOctetsOfNames, 'n');
    const std::string value(octets_of_value(key.key.public_key()), '\0');
    const std::size_t octets =
        field_with_value(field_without_value({key.key.kind(), identity.domain.text(), key.selector, names, {}}), value).size();
    sum += octets + octets / 8;
  }
  return sum;
}

std::size_t most_octets_of(const KeyRing& ring) {
  std::size_t most = 0;
  for (const auto& [name, identity] : ring.identities()) most = std::max(most, most_octets_of(identity));
  return most;
}

}  // namespace

std::optional<std::string> SignatureCache::find(const Digest& signed_digest) {
  auto known = known_.lock();
  const auto found = known->signatures.find(signed_digest);
  return found == known->signatures.end() ? std::nullopt : std::optional(found->second);
}

void SignatureCache::keep(const Digest& signed_digest, const std::string& signature) {
  auto known = known_.lock();
  if (!known->signatures.emplace(signed_digest, signature).second) return;
  known->by_age.push_back(signed_digest);
  if (known->by_age.size() <= kMost) return;
  known->signatures.erase(known->by_age.front());
  known->by_age.pop_front();
}

Signer::Signer(KeyRing ring) : ring_(std::move(ring)), most_octets_(most_octets_of(ring_)) {}

Signer::Draft Signer::draft(const Identity& identity, const SigningKey& key, const SignedFields& fields, const BodyDigest& body) {
  std::string field = field_without_value({key.key.kind(), identity.domain.text(), key.selector, fields.names(), body});
  const Digest digest = digest_to_sign(fields, field);
  return {std::move(field), digest, cache_.find(digest)};
}

}  // namespace mxpress::mta::dkim
