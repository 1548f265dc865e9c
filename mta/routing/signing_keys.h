// The keys that sign this host's mail: [dkim."example.org"].
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "mta/config/config.h"
#include "mta/dkim/key_ring.h"
#include "proto/result.h"

namespace mxpress::mta::routing {

// The table of one domain.
struct DomainKeys {
  proto::Domain domain;
  std::optional<SignWhen> sign;
  std::vector<dkim::SigningKey> keys, next;  // in the order of their selectors
};

struct SigningKeys {
  std::vector<DomainKeys> domains;
  std::optional<proto::Domain> own;  // signs mail that no other domain signs
};

// Reads the key files. The Error names the file, and has the action to take. Without [dkim] there are no domains.
Result<SigningKeys> load_signing_keys(const Config& config);

using MaySign = std::function<bool(const DomainKeys& domain, const dkim::SigningKey& key)>;
// The keys that sign: for each domain all of `next` once all of them may sign, else those of `keys` that may; none if there is no RSA key
// among them, which some receivers require.
dkim::KeyRing ring_of(const SigningKeys& keys, const MaySign& may_sign);
// True if `next` has replaced `keys`.
bool has_taken_over(const DomainKeys& domain, const MaySign& may_sign);

}  // namespace mxpress::mta::routing
