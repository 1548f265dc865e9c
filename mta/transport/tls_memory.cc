// Remembers the TLS offer that works with each mail host.
#include "mta/transport/tls_memory.h"

#include <iterator>

namespace mxpress::mta::transport {

net::TlsOffer TlsMemory::offer_for(const net::TlsPeer& peer, net::TlsLadder ladder, queue::Instant now) const {
  const auto found = places_.empty() ? places_.end() : places_.find(peer);
  if (found == places_.end() || now >= found->second->until) return net::first_offer(peer.kind());
  const net::TlsOffer offer = found->second->offer;
  return offer == net::TlsOffer::legacy && !ladder.allows_legacy ? net::TlsOffer::relaxed : offer;
}

void TlsMemory::remember(const net::TlsPeer& peer, net::TlsOffer offer, queue::Instant now) {
  forget(peer);
  if (entries_.size() >= kLimit) forget(net::TlsPeer(entries_.front().peer));
  entries_.push_back({peer, offer, now + kRemember});
  places_.emplace(peer, std::prev(entries_.end()));
}

void TlsMemory::forget(const net::TlsPeer& peer) {
  const auto found = places_.find(peer);
  if (found == places_.end()) return;
  entries_.erase(found->second);
  places_.erase(found);
}

}  // namespace mxpress::mta::transport
