// A connection as a stream of octets: TCP, unix socket, TLS or memory behind one non-template class.
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

// What start_tls_client() has reached.
struct TlsState {
  net::TlsLevel level = net::TlsLevel::clear;
  HandshakeFailure handshake = HandshakeFailure::none;
  net::TlsFailure failure = net::TlsFailure::none;  // why the policy is not fulfilled, also where the handshake went on
  std::string detail;                               // of `failure`, in words; cleaned
  bool wants_certificate = false;                   // the host has asked for one of this host's
  std::string description;                          // "TLSv1.3/TLS_AES_256_GCM_SHA384 (unverified)"; empty without TLS

  bool active() const { return level != net::TlsLevel::clear; }
};

// Errors are words for people ("connection refused", "connection closed", "timed out"), made here from error codes and nowhere else.
// Thread: of its executor. Every wait ends at the deadline: one watchdog timer per stream.
class Stream {
 public:
  virtual ~Stream() = default;
  // From now on every read, write and handshake fails with "timed out" at this moment.
  virtual void set_deadline(BootTime deadline) = 0;
  // At least one octet, or 0 when the peer has closed.
  virtual Task<Result<std::size_t>> read_some(char* buffer, std::size_t size) = 0;
  // As many octets as are taken without waiting: nearly always all. 0, too, where anything is wrong: write() says what.
  virtual std::size_t write_at_once(std::string_view) { return 0; }
  // All of it. The memory must live until the task is done.
  virtual Task<Status> write(std::string_view bytes) = 0;
  // Nothing read before the handshake may be used after it: the caller drops its buffer (RFC 3207 6). `offer` is not `clear`. Fails
  // where the policy that the stream was connected under is not fulfilled.
  virtual Task<Status> start_tls_client(std::string server_name, TlsOffer offer) = 0;
  // Before start_tls_client(): the certificate that this host shows where it is asked for one; null: none.
  virtual void show_certificate(std::shared_ptr<const ClientCertificate>) {}
  virtual const TlsState& tls() const = 0;
  // What SCRAM-*-PLUS binds to this TLS session: tls-exporter, 32 octets (RFC 9266). Empty without TLS, or where it is not to be had.
  virtual std::string tls_binding() const { return {}; }
  // Whether the peer has said something that was not read yet, or has closed. Costs one system call, never waits. A peer that has only sent
  // what TLS needs for itself counts too: ask where nothing at all is expected.
  virtual bool has_input() = 0;
  virtual void close() = 0;  // any pending operation fails
};

// Opens streams to mail hosts, each under one policy of TLS: no handshake on it ends well that does not fulfil it. Thread: of the worker.
class Connector {
 public:
  virtual ~Connector() = default;
  // `source`: the address to connect from, of the same family; none: as the system chooses. An Error is transient.
  virtual Task<Result<std::unique_ptr<Stream>>> connect(dns::Target target, net::TlsPolicy policy, std::optional<dns::Address> source,
                                                        BootTime deadline) = 0;
};

}  // namespace mxpress::mta::net
