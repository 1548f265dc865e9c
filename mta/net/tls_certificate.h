// What is checked of a mail host's certificate: its cost, its chain, and its names or TLSA records. RFC 9525, RFC 7672.
#pragma once

#include <string>

#include "mta/net/tls_offer.h"
#include "mta/net/tls_result.h"

struct ssl_st;
struct x509_store_ctx_st;

namespace mxpress::mta::net {

// The application data of a session; outlives it.
struct CertificateCheck {
  net::TlsPolicy policy;
  std::string host;  // the mail host's name, or its address as text
  bool uses_tlsa = false;

  HandshakeFailure handshake = HandshakeFailure::none;  // what was out of bounds
  bool verified = false;                                // also where the policy does not ask for it
  net::TlsFailure failure = net::TlsFailure::none;      // why the policy is not fulfilled
  std::string detail;                                   // in words; cleaned
};

// Tells the session which name to ask for (SNI; none for an address, RFC 6066 3), whom to trust, and the TLSA records.
void prepare_check(ssl_st* session, CertificateCheck& check);

// OpenSSL's callback for the verification of a chain; 0 ends the handshake.
int check_certificate(x509_store_ctx_st* verification, void*);

}  // namespace mxpress::mta::net
