// TLS servers for tests: parameters and certificates of any size, and a server over memory that talks to a TlsEngine.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "mta/net/tls_engine.h"

struct ssl_ctx_st;
struct ssl_st;

namespace mxpress::testing {

using PrepareTls = std::function<void(ssl_ctx_st*)>;

// A P-256 key and a certificate signed by itself, for "mx.there.example", valid for a day.
void use_ec_certificate(ssl_ctx_st* context);
// An RSA key whose modulus has many small primes: quick to make, as costly to use as any, not secret. `exponent_bits` 17: 65537.
void use_rsa_certificate(ssl_ctx_st* context, int bits, int exponent_bits = 17);
// Adds certificates to the chain that sign nothing, each with a comment of this size.
void add_to_chain(ssl_ctx_st* context, int certificates, std::size_t comment_octets);
// A certificate with this key for the chain: a curve of OpenSSL's (P-224), written as `encoding` (named_curve, explicit) with its points as
// `points` (compressed, uncompressed); or ED25519, ED448.
struct ChainKey {
  const char* kind = "P-256";
  const char* encoding = nullptr;  // OpenSSL's default
  const char* points = nullptr;
};
void add_to_chain(ssl_ctx_st* context, const ChainKey& key);
// The server asks for a certificate of this many authorities, each with a name of about this many octets.
void ask_for_certificate(ssl_ctx_st* context, int authorities, std::size_t name_octets);
// TLS 1.2 with DHE in a random group, and nothing else.
void insist_on_dh(ssl_ctx_st* context, int bits);
// TLS 1.2 with DHE in a random group before anything else.
void prefer_dh(ssl_ctx_st* context, int bits);
void allow_tls12_at_most(ssl_ctx_st* context);

class MemoryTlsServer {
 public:
  explicit MemoryTlsServer(const PrepareTls& prepare);
  ~MemoryTlsServer();
  // Runs the handshake of both sides as far as possible; returns the client's last step.
  mta::net::TlsEngine::Step shake(mta::net::TlsEngine& client);
  // Lets the client read until it needs more input, or fails; the result is appended to `said`.
  mta::net::TlsEngine::Step let_read(mta::net::TlsEngine& client, std::string& said);
  // The data that the server has read meanwhile.
  std::string take_heard();
  // The client's octets that the server has not used.
  std::size_t unread() const;
  ssl_st* session() { return session_; }

 private:
  bool feed(mta::net::TlsEngine& client);
  void hear(mta::net::TlsEngine& client);

  ssl_ctx_st* context_;
  ssl_st* session_;
};

}  // namespace mxpress::testing
