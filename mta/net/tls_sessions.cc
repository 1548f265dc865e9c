// The tickets of a worker.
#include "mta/net/tls_sessions.h"

#include <iterator>
#include <utility>

namespace mxpress::mta::net {

void TlsSessions::forget(Entries::iterator entry) {
  octets_ -= entry->ticket.session.size();
  const auto place = places_.find(entry->peer);
  std::erase(place->second, entry);
  if (place->second.empty()) places_.erase(place);
  entries_.erase(entry);
}

std::optional<TlsTicket> TlsSessions::take(const TlsPeer& peer, TlsOffer offer, BootTime now) {
  for (auto found = places_.find(peer); found != places_.end(); found = places_.find(peer)) {
    const auto entry = found->second.back();
    const TlsTicket ticket = entry->ticket;
    forget(entry);
    if (ticket.offer == offer && now < ticket.until) return ticket;
  }
  return std::nullopt;
}

void TlsSessions::keep(const TlsPeer& peer, TlsTicket ticket) {
  if (ticket.session.size() > kMaxOctets) return;
  octets_ += ticket.session.size();
  entries_.push_back({peer, std::move(ticket)});
  auto& of_peer = places_[peer];
  of_peer.push_back(std::prev(entries_.end()));
  if (of_peer.size() > kMostOfPeer) forget(of_peer.front());
  while (octets_ > kMostOctets) forget(entries_.begin());
}

}  // namespace mxpress::mta::net
