// What the client offers in a handshake, and what it offers next when that has failed. RFC 7435.
#pragma once

namespace mxpress::mta::smtp {

// What TLS is demanded of a host. Part of what identifies a session and of what is remembered about a host.
enum class TlsPolicy {
  opportunistic,  // any TLS that works, any certificate, else clear text
};

// One offer. Each but `never` is TLS 1.2 or newer with ephemeral elliptic curves first, and RSA keys of up to kMaxRsaBits.
enum class TlsUse {
  opportunistic,  // also DH of kMinDhBits to kWorkerDhBits
  small_dh,       // also DH of kMinSmallDhBits to kWorkerDhBits: a weak key is better than none
  without_dh,     // for a host that prefers larger DH groups, but does not insist on them
  large_dh,       // also DH up to kMaxDhBits; computed by the handshake lane, not by a worker
  without_rsa,    // for a host with an oversized RSA key and another one
  never,          // clear text
};

// Why a handshake did not end well.
enum class TlsFailure {
  none,
  dh_too_small,
  dh_too_large,
  rsa_too_large,
  not_now,  // this host is busy with other costly handshakes; says nothing about the mail host
  other,
};

// 2,048 bits cost a worker 4 ms, 3,072 bits 13 ms, 8,192 bits 230 ms, 10,000 bits 900 ms (two exponentiations, no safe-prime shortcut).
inline constexpr int kMinSmallDhBits = 1024;
inline constexpr int kMinDhBits = 2048;
inline constexpr int kWorkerDhBits = 2304;
inline constexpr int kMaxDhBits = 8192;
inline constexpr int kMaxRsaBits = 8192;

// The next offer on a fresh connection. Ends with `never` after at most four connections.
constexpr TlsUse next_offer(TlsUse failed, TlsFailure why) {
  if (failed == TlsUse::opportunistic && why == TlsFailure::dh_too_small) return TlsUse::small_dh;
  if (failed == TlsUse::opportunistic && why == TlsFailure::dh_too_large) return TlsUse::without_dh;
  if (failed == TlsUse::without_dh && why == TlsFailure::other) return TlsUse::large_dh;
  if (failed != TlsUse::without_rsa && why == TlsFailure::rsa_too_large) return TlsUse::without_rsa;
  return TlsUse::never;
}

}  // namespace mxpress::mta::smtp
