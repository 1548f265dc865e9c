// The ladder of offers, from the best down to clear text.
#include "mta/net/tls_offer.h"

namespace mxpress::mta::net {
namespace {

bool has_modern_ciphers(TlsOffer offer) { return offer == TlsOffer::usual || offer == TlsOffer::classic || offer == TlsOffer::tls12; }

// The next offer of TLS; nullopt: there is none.
std::optional<TlsOffer> next_tls(TlsOffer failed, HandshakeFailure why, bool takes_weak, TlsLadder ladder) {
  const std::optional<TlsOffer> weak =
      takes_weak ? std::optional(ladder.allows_legacy ? TlsOffer::legacy : TlsOffer::relaxed) : std::nullopt;
  switch (why) {
    case HandshakeFailure::resumed:
      return failed;
    case HandshakeFailure::silent:
      if (failed == TlsOffer::usual) return ladder.has_post_quantum ? TlsOffer::classic : TlsOffer::tls12;
      return failed == TlsOffer::classic ? std::optional(TlsOffer::tls12) : std::nullopt;
    case HandshakeFailure::dh_too_small:
      return has_modern_ciphers(failed) ? weak : std::nullopt;
    case HandshakeFailure::dh_too_large:
      return has_modern_ciphers(failed) ? std::optional(TlsOffer::without_dh) : std::nullopt;
    case HandshakeFailure::rsa_too_large:
      return failed != TlsOffer::without_rsa ? std::optional(TlsOffer::without_rsa) : std::nullopt;
    case HandshakeFailure::other:
      if (failed == TlsOffer::without_dh) return TlsOffer::large_dh;
      return has_modern_ciphers(failed) ? weak : std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<TlsOffer> next_offer(TlsOffer failed, HandshakeFailure why, const net::TlsPolicy& policy, TlsLadder ladder) {
  if (failed == TlsOffer::clear) return std::nullopt;
  if (const auto next = next_tls(failed, why, !policy.needs_certificate(), ladder)) return next;
  return policy.allows_clear() ? std::optional(TlsOffer::clear) : std::nullopt;
}

}  // namespace mxpress::mta::net
