// Opens a session: greeting, EHLO or HELO, STARTTLS. RFC 5321 3.1, 3.2, 4.1.1.1, RFC 3207.
#pragma once

#include "mta/smtp/client_channel.h"
#include "mta/smtp/client_result.h"
#include "proto/extensions.h"

namespace mxpress::mta {
struct Timeouts;
}

namespace mxpress::mta::smtp {

struct ClientOptions;

// Used once. All that it refers to must outlive it.
class ClientOpening {
 public:
  ClientOpening(ClientChannel& channel, const dns::Target& target, const ClientOptions& options, net::TlsResult tls)
      : channel_(channel), target_(target), options_(options), report_(target, channel), tls_(std::move(tls)) {}

  // True if mail may follow. If false, trouble() has the reason, and the connection is closed.
  Task<bool> run();

  const proto::Extensions& extensions() const { return extensions_; }
  const proto::HostResult& failure() const { return failure_; }
  net::HandshakeFailure handshake() const { return handshake_; }
  const net::TlsResult& tls() const { return tls_; }
  bool lacks_require_tls() const { return lacks_require_tls_; }
  // The host's name for itself, before TLS if there is TLS; as received.
  const std::string& host_name() const { return host_name_; }

 private:
  Task<bool> open();
  Task<bool> secure();
  Task<bool> sign_in();
  Task<bool> greeting();
  Task<bool> hello();
  Task<bool> helo();
  Task<bool> starttls();
  Task<bool> shake_hands();
  Task<Result<proto::Reply>> command(std::string line, Duration timeout);
  void note_name(const proto::Reply& reply);
  Task<bool> refused(proto::Stage stage, proto::Reply reply);
  bool failed(proto::Stage stage, const Error& error, std::string_view doing);
  bool failed_tls(const Error& error, std::string_view doing);
  Task<bool> without_tls();
  void note(net::TlsFailure failure, std::string detail);

  ClientChannel& channel_;
  const dns::Target& target_;
  const ClientOptions& options_;
  HostReporter report_;
  proto::Extensions extensions_;
  proto::HostResult failure_;
  net::HandshakeFailure handshake_ = net::HandshakeFailure::none;
  net::TlsResult tls_;
  std::string host_name_;
  bool has_answered_ = false;  // to EHLO
  bool lacks_require_tls_ = false;
};

// Sends RSET, and reads its reply. RFC 5321 4.1.1.5
Task<Result<proto::Reply>> send_reset(ClientChannel& channel, const Timeouts& timeouts);

// Sends QUIT, waits briefly for any reply, then closes the connection. RFC 5321 4.1.1.10
Task<void> quit_and_close(ClientChannel& channel, Duration timeout);

}  // namespace mxpress::mta::smtp
