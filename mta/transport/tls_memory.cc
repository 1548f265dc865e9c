// Remembers the TLS offer that works with each mail host.
#include "mta/transport/tls_memory.h"

#include <algorithm>
#include <string_view>

#include "proto/text_hash.h"

namespace mxpress::mta::transport {

TlsPeer::TlsPeer(const dns::Target& target, net::TlsPolicy policy)
    : host_(target.host), address_(target.address), port_(target.port), policy_(std::move(policy)) {
  for (char& c : host_)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
}

std::size_t TlsMemory::Hash::operator()(const TlsPeer& peer) const {
  const auto* bytes = reinterpret_cast<const char*>(peer.address_.bytes.data());
  const proto::TextHash hash;
  return hash(peer.host_) ^ peer.policy_.hash() ^ (hash(std::string_view(bytes, peer.address_.bytes.size())) * 31 + peer.port_);
}

net::TlsOffer TlsMemory::offer_for(const TlsPeer& peer, queue::Instant now) const {
  const auto found = places_.empty() ? places_.end() : places_.find(peer);
  return found != places_.end() && now < found->second->until ? found->second->offer : net::first_offer(peer.policy_);
}

void TlsMemory::remember(const TlsPeer& peer, net::TlsOffer offer, queue::Instant now) {
  forget(peer);
  if (entries_.size() >= kLimit) forget(TlsPeer(entries_.front().peer));
  entries_.push_back({peer, offer, now + kRemember});
  places_.emplace(peer, std::prev(entries_.end()));
}

void TlsMemory::forget(const TlsPeer& peer) {
  const auto found = places_.find(peer);
  if (found == places_.end()) return;
  entries_.erase(found->second);
  places_.erase(found);
}

}  // namespace mxpress::mta::transport
