// TLS sessions as OpenSSL writes them.
#pragma once

#include <string>

namespace mxpress::mta::net {

// The session without the peer's certificate, which resuming does not need: OpenSSL would decode it, with its key, each time. `session`: of
// i2d_SSL_SESSION(), a SEQUENCE with the certificate as its field [3]; octets of another form are returned as they are.
std::string without_certificate(const std::string& session);

}  // namespace mxpress::mta::net
