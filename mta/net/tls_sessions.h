// TLS sessions that can be resumed: the next handshake with the same host needs no certificate and less computing. RFC 8446 2.2, RFC 5077.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dns/async.h"
#include "mta/net/tls_offer.h"
#include "mta/net/tls_peer.h"

namespace mxpress::mta::net {

struct TlsTicket {
  std::string session;  // as OpenSSL writes it: with its secrets
  TlsOffer offer = TlsOffer::usual;
  bool verified = false;  // the certificate of the full handshake was
  BootTime until{};       // at most kKeep later, and not longer than the certificate is valid
};

// Thread: one, that of its worker. Never written to disk.
class TlsSessions {
 public:
  static constexpr Duration kKeep = std::chrono::hours(1);
  static constexpr std::size_t kMostOfPeer = 10;          // as many connections may begin at a time; the oldest gives way
  static constexpr std::size_t kMaxOctets = 8 * 1024;     // of one; usually 1 to 3 KiB
  static constexpr std::size_t kMostOctets = 256 * 1024;  // of all; the oldest gives way

  // The latest; a ticket is used once (RFC 8446 C.4). Nullopt if there is none that has not expired, or only for another offer.
  std::optional<TlsTicket> take(const TlsPeer& peer, TlsOffer offer, BootTime now);
  // One over kMaxOctets is not kept.
  void keep(const TlsPeer& peer, TlsTicket ticket);
  std::size_t octets() const { return octets_; }

 private:
  struct Entry {
    TlsPeer peer;
    TlsTicket ticket;
  };
  using Entries = std::list<Entry>;
  void forget(Entries::iterator entry);

  Entries entries_;                                                                  // the oldest first
  std::unordered_map<TlsPeer, std::vector<Entries::iterator>, TlsPeerHash> places_;  // the oldest first; none is empty
  std::size_t octets_ = 0;
};

}  // namespace mxpress::mta::net
