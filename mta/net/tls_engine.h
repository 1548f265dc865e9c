// The client's side of a TLS session as a function of octets: no socket, no clock. Limits the work that the peer can cause.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mta/net/stream.h"

namespace mxpress::mta::net {

class ClientCertificate;
struct TlsTicket;
struct TlsEngineState;

// Thread: one at a time; handshake() may run on another than the rest. After `failed` only output() and words() are of use.
class TlsEngine {
 public:
  enum class Step { done, wants_input, failed };

  // The maximum size of a handshake.
  static constexpr std::size_t kMaxHandshakeOctets = 64 * 1024;
  static constexpr std::size_t kMaxHandshakeRecords = 256;
  // Memory of a session in the costliest handshake within all limits, in octets: 222 KiB, plus the allocator's overhead. Usually 60 KiB.
  static constexpr std::size_t kMostMemory = 288 * 1024;
  // The limit for key updates, tickets, requests to renegotiate and alerts in a session. A host sends some two tickets.
  static constexpr std::size_t kMaxExtraMessages = 32;
  // The number of records that a session may have, beside two for each octet of the host's data.
  static constexpr std::size_t kFreeRecords = 512;

  // `offer` is not `clear`. The server's name is sent (SNI), and must be in the certificate unless the policy says otherwise.
  // `certificate`: of this host, presented if the server asks for one; null: none. `ticket`: of a session with this server under this
  // policy and offer, to resume if the server likes to; null: none.
  TlsEngine(TlsOffer offer, std::string server_name, net::TlsPolicy policy = {}, const ClientCertificate* certificate = nullptr,
            const TlsTicket* ticket = nullptr);
  ~TlsEngine();

  // Repeat it after input, as long as it asks for some.
  Step handshake();
  // Fills `buffer` with at least one octet, or with none if the peer has ended TLS.
  Step read(std::span<char> buffer, std::size_t& count);
  Step write(std::string_view bytes);
  // True if read() would return data without further input.
  bool has_unread();

  // The buffer for input, when it is requested; all earlier input has been used.
  std::span<char> input_space();
  void input_arrived(std::size_t count);
  // The octets to send to the peer after each step, even a failed one, before waiting for input.
  std::string take_output();

  std::string words() const;  // of the failure: "TLS: wrong version number (SSL routines)"
  TlsState state() const;     // after the handshake, or its failure
  // To resume this session, one after the other: what the server sent, usually after the handshake. Nullopt: no more, the policy is not
  // fulfilled, or it would be too large.
  std::optional<TlsTicket> take_ticket(BootTime now);
  std::string channel_binding() const;  // see Stream::tls_binding()
  std::size_t records() const;          // number of records from the peer
  std::size_t extra_messages() const;

 private:
  std::unique_ptr<TlsEngineState> state_;
};

}  // namespace mxpress::mta::net
