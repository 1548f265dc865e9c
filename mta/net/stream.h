// A connection as a stream of octets: TCP, Unix socket, TLS or memory behind one class that is not a template.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "dns/async.h"
#include "dns/target.h"
#include "mta/net/tls_offer.h"
#include "mta/net/tls_result.h"
#include "proto/result.h"

namespace mxpress::mta::net {

class ClientCertificate;

// The result of start_tls_client().
struct TlsState {
  net::TlsLevel level = net::TlsLevel::clear;
  HandshakeFailure handshake = HandshakeFailure::none;
  net::TlsFailure failure = net::TlsFailure::none;  // why the policy is not fulfilled, even if the handshake went on
  std::string detail;                               // `failure` in words; cleaned
  bool wants_certificate = false;                   // the host has asked for a client certificate
  bool resumed = false;                             // it goes on with an earlier session
  std::string description;                          // "TLSv1.3/TLS_AES_256_GCM_SHA384 (unverified)"; empty without TLS

  bool active() const { return level != net::TlsLevel::clear; }
};

// Errors are words for people ("connection refused", "connection closed", "timed out"), made here from error codes and nowhere else.
// Thread: of its executor. Every wait ends at the deadline: one watchdog timer per stream.
class Stream {
 public:
  virtual ~Stream() = default;
  // At this time every pending and later read, write and handshake fails with "timed out".
  virtual void set_deadline(BootTime deadline) = 0;
  // At least one octet, or 0 when the peer has closed.
  virtual Task<Result<std::size_t>> read_some(char* buffer, std::size_t size) = 0;
  // Writes as many octets as possible without waiting, usually all, and returns their number. 0 also after an error, which write() reports.
  virtual std::size_t write_at_once(std::string_view) { return 0; }
  // Writes everything. The memory must stay valid until the task is done.
  virtual Task<Status> write(std::string_view bytes) = 0;
  // Data read before the handshake must not be used after it: the caller drops its buffer (RFC 3207 6). `offer` is not `clear`. Fails if
  // the policy that the stream was connected under is not fulfilled.
  virtual Task<Status> start_tls_client(std::string server_name, TlsOffer offer) = 0;
  // Call it before start_tls_client(): the certificate to present if the host asks for one; null: none.
  virtual void show_certificate(std::shared_ptr<const ClientCertificate>) {}
  virtual const TlsState& tls() const = 0;
  // The channel binding of this TLS session for SCRAM-*-PLUS: tls-exporter, 32 octets (RFC 9266). Empty without TLS, or if unavailable.
  virtual std::string tls_binding() const { return {}; }
  // The address of this end: "192.0.2.9"; empty: not known.
  virtual std::string local_address() const { return {}; }
  // True if the peer has sent something that was not read yet, or has closed. Costs one system call, never waits. Data of TLS itself counts
  // too, so ask only while nothing at all is expected.
  virtual bool has_input() = 0;
  virtual void close() = 0;  // any pending operation fails
};

// Opens streams to mail hosts, each under one TLS policy: a handshake that does not fulfil it fails. Thread: of the worker.
class Connector {
 public:
  virtual ~Connector() = default;
  // `source`: the local address to connect from, of the same family; nullopt: the system chooses. An Error is transient.
  virtual Task<Result<std::unique_ptr<Stream>>> connect(dns::Target target, net::TlsPolicy policy, std::optional<dns::Address> source,
                                                        BootTime deadline) = 0;
};

}  // namespace mxpress::mta::net
