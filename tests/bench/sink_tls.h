// The server's side of TLS of bench-load sink.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

struct ssl_st;
struct ssl_ctx_st;

namespace mxpress::bench {

class Options;

// One connection in TLS, on a socket that does not block.
class TlsConnection {
 public:
  TlsConnection(ssl_ctx_st* context, int socket);
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  // As recv() and send(): -1 with errno EAGAIN if there is nothing yet; the handshake is part of the first calls.
  std::ptrdiff_t read(char* buffer, std::size_t size);
  bool write(const std::string& octets);

 private:
  std::ptrdiff_t result_of(int result);
  ssl_st* session_;
};

// --tls-key, --tls-certificate (PEM files; empty: no TLS), --tls-version 1.2 or 1.3, --tls-resume yes or no.
class TlsServer {
 public:
  explicit TlsServer(const Options& options);
  ~TlsServer();
  bool is_on() const { return context_ != nullptr; }
  std::unique_ptr<TlsConnection> accept(int socket) { return std::make_unique<TlsConnection>(context_, socket); }
  // Handshakes that were completed, and those of them that went on with an earlier session.
  long handshakes() const;
  long resumed() const;

 private:
  ssl_ctx_st* context_ = nullptr;
};

}  // namespace mxpress::bench
