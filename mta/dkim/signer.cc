// Makes signatures, each once.
#include "mta/dkim/signer.h"

#include <utility>

#include "mta/dkim/signature.h"

namespace mxpress::mta::dkim {

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

Result<Signer::Signature> Signer::sign(const Identity& identity, const SigningKey& key, const SignedFields& fields,
                                       const BodyDigest& body) {
  std::string field = field_without_value({key.key.kind(), identity.domain.text(), key.selector, fields.names(), body});
  const Digest digest = digest_to_sign(fields, field);
  if (const auto known = cache_.find(digest)) return Signature{field_with_value(std::move(field), *known), true};
  const Result<std::string> signature = key.key.sign(digest);
  if (!signature.ok()) return signature.error();
  cache_.keep(digest, *signature);
  return Signature{field_with_value(std::move(field), *signature), false};
}

}  // namespace mxpress::mta::dkim
