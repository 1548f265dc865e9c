// Reads signing keys.
#include "mta/routing/signing_keys.h"

#include "mta/config/config.h"
#include "mta/dkim/key_record.h"
#include "mta/system/private_file.h"

namespace mxpress::mta::routing {
namespace {

Error in_config(const proto::Domain& domain, const std::string& what) {
  return Error::permanent("[dkim.\"" + domain.text() + "\"] keys: " + what);
}

Result<dkim::SigningKey> load_key(const std::string& selector, const boost::filesystem::path& file) {
  const auto pem = system::read_private_file(file.string(), "the key file");
  if (!pem) return pem.error();
  auto key = dkim::Key::parse(*pem);
  if (!key) return Error::permanent("the key file " + file.string() + ": " + key.error().message);
  return dkim::SigningKey{selector, std::move(*key)};
}

}  // namespace

Result<std::vector<dkim::SigningKey>> load_keys_of(const Config& config, const proto::Domain& domain) {
  std::vector<dkim::SigningKey> keys;
  for (const auto& [selector, file] : config.dkim.at(domain).keys) {
    auto key = load_key(selector, file);
    if (!key) return in_config(domain, selector + ": " + key.error().message);
    keys.push_back(std::move(*key));
  }
  return keys;
}

Result<dkim::KeyRing> load_signing_keys(const Config& config) {
  dkim::KeyRing ring;
  for (const auto& [domain, unused] : config.dkim) {
    auto keys = load_keys_of(config, domain);
    if (!keys) return keys.error();
    if (const Status added = ring.add({domain, std::move(*keys)}); !added) return in_config(domain, added.error().message);
  }
  ring.set_own(config.sender_domain ? *config.sender_domain : config.own_domain());
  return ring;
}

}  // namespace mxpress::mta::routing
