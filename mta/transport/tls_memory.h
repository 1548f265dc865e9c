// Remembers for a day the TLS offer that a mail host needs, because a better one failed with it. RFC 7435.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>

#include "mta/net/tls_offer.h"
#include "mta/net/tls_peer.h"
#include "queue/instant.h"

namespace mxpress::mta::transport {

// Thread: one, that of its worker. Holds at most kLimit peers; the oldest is dropped for a new one.
class TlsMemory {
 public:
  static constexpr Duration kRemember = std::chrono::hours(24);
  static constexpr std::size_t kLimit = 10'000;

  // The first offer to make; if nothing is remembered, the policy's first. An offer that `ladder` does not allow any more is not made.
  net::TlsOffer offer_for(const net::TlsPeer& peer, net::TlsLadder ladder, queue::Instant now) const;
  void remember(const net::TlsPeer& peer, net::TlsOffer offer, queue::Instant now);
  void forget(const net::TlsPeer& peer);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    net::TlsPeer peer;
    net::TlsOffer offer;
    queue::Instant until;
  };

  std::list<Entry> entries_;  // the oldest first
  std::unordered_map<net::TlsPeer, std::list<Entry>::iterator, net::TlsPeerHash> places_;
};

}  // namespace mxpress::mta::transport
