// Reads signing keys.
#include "mta/routing/signing_keys.h"

#include <algorithm>
#include <set>

#include "mta/dkim/key_record.h"
#include "mta/system/private_file.h"

namespace mxpress::mta::routing {
namespace {

using KeyFiles = std::map<std::string, boost::filesystem::path>;

Error in_config(const proto::Domain& domain, std::string_view key, const std::string& what) {
  return Error::permanent("[dkim.\"" + domain.text() + "\"] " + std::string(key) + ": " + what);
}

Result<dkim::SigningKey> load_key(const std::string& selector, const boost::filesystem::path& file) {
  const auto pem = system::read_private_file(file.string(), "the key file");
  if (!pem) return pem.error();
  auto key = dkim::Key::parse(*pem);
  if (!key) return Error::permanent("the key file " + file.string() + ": " + key.error().message);
  return dkim::SigningKey{selector, std::move(*key)};
}

// In the form for a ring, with clean selectors.
Result<std::vector<dkim::SigningKey>> load_keys(const proto::Domain& domain, std::string_view key_name, const KeyFiles& files) {
  std::vector<dkim::SigningKey> keys;
  for (const auto& [selector, file] : files) {
    auto key = load_key(selector, file);
    if (!key) return in_config(domain, key_name, selector + ": " + key.error().message);
    if (auto clean = dkim::parse_selector(selector)) key->selector = std::move(*clean);
    keys.push_back(std::move(*key));
  }
  dkim::KeyRing ring;
  if (keys.empty()) return keys;
  if (const Status added = ring.add({domain, keys}); !added) return in_config(domain, key_name, added.error().message);
  return keys;
}

Status check_selectors(const DomainKeys& domain) {
  for (const dkim::SigningKey& one : domain.next)
    for (const dkim::SigningKey& other : domain.keys)
      if (one.selector == other.selector)
        return in_config(domain.domain, "next", one.selector + " is one of keys, too: a new key needs a new selector");
  return {};
}

bool all_may(const DomainKeys& domain, const std::vector<dkim::SigningKey>& keys, const MaySign& may_sign) {
  return std::all_of(keys.begin(), keys.end(), [&](const dkim::SigningKey& one) { return may_sign(domain, one); });
}

}  // namespace

Result<SigningKeys> load_signing_keys(const Config& config) {
  SigningKeys all;
  for (const auto& [domain, table] : config.dkim) {
    auto keys = load_keys(domain, "keys", table.keys);
    if (!keys) return keys.error();
    auto next = load_keys(domain, "next", table.next);
    if (!next) return next.error();
    all.domains.push_back({domain, table.sign, std::move(*keys), std::move(*next)});
    if (const Status status = check_selectors(all.domains.back()); !status) return status.error();
  }
  all.own = config.sender_domain ? *config.sender_domain : config.own_domain();
  return all;
}

bool has_taken_over(const DomainKeys& domain, const MaySign& may_sign) {
  return !domain.next.empty() && all_may(domain, domain.next, may_sign);
}

dkim::KeyRing ring_of(const SigningKeys& keys, const MaySign& may_sign) {
  dkim::KeyRing ring;
  for (const DomainKeys& domain : keys.domains) {
    if (domain.sign == SignWhen::never) {
      ring.exclude(domain.domain);
      continue;
    }
    dkim::Identity identity{domain.domain, {}};
    for (const dkim::SigningKey& one : has_taken_over(domain, may_sign) ? domain.next : domain.keys)
      if (may_sign(domain, one)) identity.keys.push_back(one);
    (void)ring.add(std::move(identity));  // refused without RSA: no key signs
  }
  if (keys.own) ring.set_own(*keys.own);
  return ring;
}

}  // namespace mxpress::mta::routing
