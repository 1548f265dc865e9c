// The client's contexts for TLS: protocol versions, ciphers, and limits on the computations that a mail host can cause. RFC 3207, RFC 7435,
// RFC 8996.
#pragma once

#include "mta/net/tls_offer.h"

struct ssl_ctx_st;

namespace mxpress::mta::net {

// Loads the system's certificates (20 ms and more) before a worker has to. Any thread.
void prepare_tls();

// True if the library has a post-quantum group, X25519MLKEM768: OpenSSL 3.5 or newer. Any thread.
bool has_post_quantum();

// The context for an offer other than `clear`; lives as long as the process. Call prepare_check() for each session of it.
// Any thread.
ssl_ctx_st* client_tls_context(TlsOffer offer);

}  // namespace mxpress::mta::net
