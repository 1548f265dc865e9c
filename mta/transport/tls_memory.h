// Remembers for a day the TLS offer that a mail host needs, because a better one failed with it. RFC 7435.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>

#include "dns/target.h"
#include "mta/net/stream.h"
#include "queue/instant.h"

namespace mxpress::mta::transport {

// The scope of a TLS failure: one name at one address and port, under one policy. The owner of a domain chooses the names of its mail hosts
// and may give them anybody's address, so a failure under such a name must not affect mail for others. Another policy is another peer:
// success under `may` proves nothing for a stricter policy.
class TlsPeer {
 public:
  TlsPeer(const dns::Target& target, net::TlsPolicy policy);
  friend bool operator==(const TlsPeer&, const TlsPeer&) = default;

 private:
  friend class TlsMemory;
  std::string host_;  // lower case
  dns::Address address_;
  std::uint16_t port_;
  net::TlsPolicy policy_;
};

// Thread: one, that of its worker. Holds at most kLimit peers; the oldest is dropped for a new one.
class TlsMemory {
 public:
  static constexpr Duration kRemember = std::chrono::hours(24);
  static constexpr std::size_t kLimit = 10'000;

  // The first offer to make; if nothing is remembered, the policy's first.
  net::TlsOffer offer_for(const TlsPeer& peer, queue::Instant now) const;
  void remember(const TlsPeer& peer, net::TlsOffer offer, queue::Instant now);
  void forget(const TlsPeer& peer);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    TlsPeer peer;
    net::TlsOffer offer;
    queue::Instant until;
  };
  struct Hash {
    std::size_t operator()(const TlsPeer& peer) const;
  };

  std::list<Entry> entries_;  // the oldest first
  std::unordered_map<TlsPeer, std::list<Entry>::iterator, Hash> places_;
};

}  // namespace mxpress::mta::transport
