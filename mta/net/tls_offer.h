// The client's offer in a handshake, and the next offer after a failure. RFC 7435.
#pragma once

#include <cstdint>
#include <optional>

#include "mta/net/tls_policy.h"

namespace mxpress::mta::net {

// One offer. Each except `clear`, `relaxed` and `legacy` is TLS 1.2 or newer with ephemeral elliptic curves first, and RSA keys of up to
// kMaxRsaBits.
enum class TlsOffer : std::uint8_t {
  usual,        // also DH of kMinDhBits to kWorkerDhBits; with OpenSSL 3.5 or newer also a post-quantum group
  classic,      // without that group, for a host that does not answer it: it makes the first message longer than a packet
  tls12,        // TLS 1.2 alone, for a host that does not answer a newer one
  without_dh,   // for a host that prefers larger DH groups, but does not insist on them
  large_dh,     // also DH up to kMaxDhBits; computed by the handshake lane, not by a worker
  without_rsa,  // for a host with an oversized RSA key and another one
  relaxed,      // TLS 1.2 or newer with all that OpenSSL still has: DH and RSA of kMinSmallDhBits, SHA-1, renegotiation without RFC 5746
  legacy,       // the same, and TLS 1.0
  clear,        // no TLS
};

// The reason why a handshake failed, as far as the next offer depends on it.
enum class HandshakeFailure : std::uint8_t {
  none,
  refused,  // the host refused STARTTLS
  silent,   // the host sent nothing after our first message
  resumed,  // the host did not like to resume a session
  dh_too_small,
  dh_too_large,
  rsa_too_large,
  certificate,  // not as the policy requires: no other offer would help
  too_costly,   // more or larger messages than a host may send: no other offer would help
  not_now,      // this host is busy with other costly handshakes; says nothing about the mail host
  other,
};

// 2,048 bits cost a worker 4 ms, 3,072 bits 13 ms, 8,192 bits 230 ms, 10,000 bits 900 ms (two exponentiations, no safe-prime shortcut).
inline constexpr int kMinSmallDhBits = 1024;
inline constexpr int kMinDhBits = 2048;
inline constexpr int kWorkerDhBits = 2304;
inline constexpr int kMaxDhBits = 8192;
inline constexpr int kMaxRsaBits = 8192;

inline TlsOffer first_offer(net::TlsPolicy::Kind policy) {
  return policy == net::TlsPolicy::Kind::none ? TlsOffer::clear : TlsOffer::usual;
}

// Offers that not every host gets.
struct TlsLadder {
  bool has_post_quantum = false;  // of the library: see tls.h
  bool allows_legacy = false;     // [tls] legacy
};

// The next offer on a new connection; nullopt if no other fits the policy. At most six connections in all. `clear` only if the policy
// allows clear text. If it needs a certificate, nothing so weak that somebody could break it and impersonate the host. RFC 7435.
std::optional<TlsOffer> next_offer(TlsOffer failed, HandshakeFailure why, const net::TlsPolicy& policy, TlsLadder ladder);

}  // namespace mxpress::mta::net
