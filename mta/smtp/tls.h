// TLS of the client side: one context for the process, and what is to be said of a session. RFC 3207, RFC 7435, RFC 8996.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <string>

#include "mta/smtp/stream.h"

namespace mxpress::mta::smtp {

// TLS 1.2 or newer, any certificate. Made at first use, if prepare_tls() has not made it. Any thread.
boost::asio::ssl::context& client_tls_context();

// Loads the system's certificates (20 ms and more) before a worker has to. Any thread.
void prepare_tls();

// Before the handshake: the name to ask for (SNI) and to look for in the certificate. No SNI for an address (RFC 6066 3).
void prepare_tls_client(SSL* session, const std::string& server_name);

// After the handshake.
TlsState describe_tls(const SSL* session);

}  // namespace mxpress::mta::smtp
