// The client's offer in a handshake, and the next offer after a failure. RFC 7435.
#pragma once

#include <optional>

#include "mta/net/tls_policy.h"

namespace mxpress::mta::net {

// One offer. Each except `clear` is TLS 1.2 or newer with ephemeral elliptic curves first, and RSA keys of up to kMaxRsaBits.
enum class TlsOffer {
  usual,        // also DH of kMinDhBits to kWorkerDhBits
  small_dh,     // also DH of kMinSmallDhBits to kWorkerDhBits: a weak key is better than none
  without_dh,   // for a host that prefers larger DH groups, but does not insist on them
  large_dh,     // also DH up to kMaxDhBits; computed by the handshake lane, not by a worker
  without_rsa,  // for a host with an oversized RSA key and another one
  clear,        // no TLS
};

// The reason why a handshake failed, as far as the next offer depends on it.
enum class HandshakeFailure {
  none,
  dh_too_small,
  dh_too_large,
  rsa_too_large,
  certificate,  // not as the policy requires, or too costly to decode: no other offer would help
  not_now,      // this host is busy with other costly handshakes; says nothing about the mail host
  other,
};

// 2,048 bits cost a worker 4 ms, 3,072 bits 13 ms, 8,192 bits 230 ms, 10,000 bits 900 ms (two exponentiations, no safe-prime shortcut).
inline constexpr int kMinSmallDhBits = 1024;
inline constexpr int kMinDhBits = 2048;
inline constexpr int kWorkerDhBits = 2304;
inline constexpr int kMaxDhBits = 8192;
inline constexpr int kMaxRsaBits = 8192;

inline TlsOffer first_offer(const net::TlsPolicy& policy) {
  return policy.kind() == net::TlsPolicy::Kind::none ? TlsOffer::clear : TlsOffer::usual;
}

// The next offer on a new connection; nullopt if no other fits the policy. At most four connections in all. `clear` only if the policy
// allows clear text. If it needs a certificate, no keys so small that somebody could break them and impersonate the host.
inline std::optional<TlsOffer> next_offer(TlsOffer failed, HandshakeFailure why, const net::TlsPolicy& policy) {
  const bool takes_small = !policy.needs_certificate();
  if (failed == TlsOffer::usual && why == HandshakeFailure::dh_too_small && takes_small) return TlsOffer::small_dh;
  if (failed == TlsOffer::usual && why == HandshakeFailure::dh_too_large) return TlsOffer::without_dh;
  if (failed == TlsOffer::without_dh && why == HandshakeFailure::other) return TlsOffer::large_dh;
  if (failed != TlsOffer::without_rsa && why == HandshakeFailure::rsa_too_large) return TlsOffer::without_rsa;
  if (policy.allows_clear() && failed != TlsOffer::clear) return TlsOffer::clear;
  return std::nullopt;
}

}  // namespace mxpress::mta::net
