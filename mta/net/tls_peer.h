// What a TLS result counts for: a mail host under one policy.
#pragma once

#include <cstddef>

#include "dns/target.h"
#include "mta/net/tls_policy.h"

namespace mxpress::mta::net {

// One name at one address and port, under one policy. The owner of a domain chooses the names of its mail hosts and may give them anybody's
// address, so a failure under such a name must not affect mail for others. Another policy is another peer: success under `may` proves
// nothing for a stricter policy, and a session that was verified by some TLSA records is not resumed when they have changed.
class TlsPeer {
 public:
  TlsPeer(const dns::Target& target, const TlsPolicy& policy);
  friend bool operator==(const TlsPeer&, const TlsPeer&) = default;

  TlsPolicy::Kind kind() const { return kind_; }
  std::size_t hash() const { return id_; }

 private:
  std::size_t id_;  // proto::TextHash of all of it, for the policy may have some KiB of TLSA records: nobody can find two with the same one
  TlsPolicy::Kind kind_;
};

struct TlsPeerHash {
  std::size_t operator()(const TlsPeer& peer) const { return peer.hash(); }
};

}  // namespace mxpress::mta::net
