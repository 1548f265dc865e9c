// TLS of the sink, with OpenSSL.
#include "tests/bench/sink_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>

#include "tests/bench/load.h"

namespace mxpress::bench {

TlsConnection::TlsConnection(SSL_CTX* context, int socket) : session_(SSL_new(context)) {
  SSL_set_fd(session_, socket);
  SSL_set_accept_state(session_);
}

TlsConnection::~TlsConnection() { SSL_free(session_); }

std::ptrdiff_t TlsConnection::result_of(int result) {
  if (result > 0) return result;
  const int error = SSL_get_error(session_, result);
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
  return -1;
}

std::ptrdiff_t TlsConnection::read(char* buffer, std::size_t size) {
  ERR_clear_error();
  return result_of(SSL_read(session_, buffer, static_cast<int>(size)));
}

bool TlsConnection::write(const std::string& octets) {
  ERR_clear_error();
  return result_of(SSL_write(session_, octets.data(), static_cast<int>(octets.size()))) == static_cast<std::ptrdiff_t>(octets.size());
}

TlsServer::TlsServer(const Options& options) {
  if (options.text("tls-key").empty()) return;
  context_ = SSL_CTX_new(TLS_server_method());
  const int version = options.text("tls-version") == "1.2" ? TLS1_2_VERSION : TLS1_3_VERSION;
  SSL_CTX_set_min_proto_version(context_, version);
  SSL_CTX_set_max_proto_version(context_, version);
  if (SSL_CTX_use_certificate_chain_file(context_, options.text("tls-certificate").c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context_, options.text("tls-key").c_str(), SSL_FILETYPE_PEM) != 1)
    fail("the certificate or the key");
  const unsigned char name[] = "sink";
  SSL_CTX_set_session_id_context(context_, name, sizeof name);
  if (options.text("tls-resume") == "yes") return;
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context_, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context_, 0);
}

TlsServer::~TlsServer() { SSL_CTX_free(context_); }

long TlsServer::handshakes() const { return context_ ? SSL_CTX_sess_accept_good(context_) : 0; }

long TlsServer::resumed() const { return context_ ? SSL_CTX_sess_hits(context_) : 0; }

}  // namespace mxpress::bench
