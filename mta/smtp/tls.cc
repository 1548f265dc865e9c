// TLS of the client side, with OpenSSL.
#include "mta/smtp/tls.h"

#include <openssl/ssl.h>

#include "dns/resolver.h"

namespace mxpress::mta::smtp {
namespace {

boost::asio::ssl::context make_context() {
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
  SSL_CTX* native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);  // RFC 8996
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // Opportunistic TLS takes any key that is better than none (RFC 7435 3).
  SSL_CTX_set_security_level(native, 1);
  // Without a readable store nothing is verified, and nothing needs to be.
  SSL_CTX_set_default_verify_paths(native);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

boost::asio::ssl::context& client_tls_context() {
  static boost::asio::ssl::context context = make_context();
  return context;
}

void prepare_tls() { static_cast<void>(client_tls_context()); }

void prepare_tls_client(SSL* session, const std::string& server_name) {
  // The chain is looked at all the same, and what was found is kept for describe_tls().
  SSL_set_verify(session, SSL_VERIFY_NONE, nullptr);
  const bool is_address = server_name.starts_with('[') || dns::Address::parse(server_name).ok();
  if (is_address) return;
  SSL_set_tlsext_host_name(session, server_name.c_str());
  SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  SSL_set1_host(session, server_name.c_str());
}

TlsState describe_tls(const SSL* session) {
  TlsState state;
  state.active = true;
  state.verified = SSL_get_verify_result(session) == X509_V_OK && SSL_get0_peername(const_cast<SSL*>(session)) != nullptr;
  state.description =
      std::string(SSL_get_version(session)) + "/" + SSL_get_cipher_name(session) + (state.verified ? " (verified)" : " (unverified)");
  return state;
}

}  // namespace mxpress::mta::smtp
