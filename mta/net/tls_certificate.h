// Checks a mail host's certificate: its cost, its chain, and its names or TLSA records. RFC 9525, RFC 7672.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mta/net/tls_offer.h"
#include "mta/net/tls_result.h"

struct ssl_st;
struct ssl_session_st;
struct x509_store_ctx_st;

namespace mxpress::mta::net {

inline constexpr std::size_t kMostSessions = 4;

struct SessionFree {
  void operator()(ssl_session_st* session) const;
};

// The application data of a session; must outlive it.
struct CertificateCheck {
  net::TlsPolicy policy;
  std::string host;  // the mail host's name, or its address as text
  bool uses_tlsa = false;
  // That the host allows to resume; hosts with TLS 1.3 send two. At most kMostSessions.
  std::vector<std::unique_ptr<ssl_session_st, SessionFree>> sessions;

  HandshakeFailure handshake = HandshakeFailure::none;  // the limit that was exceeded
  bool verified = false;                                // set even if the policy does not require it
  net::TlsFailure failure = net::TlsFailure::none;      // why the policy is not fulfilled
  std::string detail;                                   // in words; cleaned
};

// Sets the name of the host (SNI; none for an address, RFC 6066 3), the trusted authorities, and the TLSA records of the session.
void prepare_check(ssl_st* session, CertificateCheck& check);

// OpenSSL's callback for a session that can be resumed; takes it.
int take_session(ssl_st* session, ssl_session_st* resumable);

// OpenSSL's callback for the verification of a chain; 0 ends the handshake.
int check_certificate(x509_store_ctx_st* verification, void*);

}  // namespace mxpress::mta::net
