// The client's contexts for TLS: protocol versions, ciphers, and the bounds of what a mail host can make this host compute. RFC 3207, RFC
// 7435, RFC 8996.
#pragma once

#include "mta/smtp/tls_use.h"

struct ssl_ctx_st;

namespace mxpress::mta::smtp {

// Loads the system's certificates (20 ms and more) before a worker has to. Any thread.
void prepare_tls();

// The context for an offer other than `never`; lives as long as the process. TLS 1.2 or newer, any certificate; a session of it must have a
// TlsFailure as its application data, which says after a failed handshake what was out of bounds. Any thread.
ssl_ctx_st* client_tls_context(TlsUse use);

}  // namespace mxpress::mta::smtp
