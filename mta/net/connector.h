// Opens connections to mail hosts, and to Unix sockets of this host.
#pragma once

#include "mta/net/stream.h"

namespace mxpress::mta::net {

class HandshakeLane;

class TcpConnector final : public Connector {
 public:
  // `lane` must outlive the streams; without one costly handshakes are computed at once.
  explicit TcpConnector(Executor executor, HandshakeLane* lane = nullptr) : executor_(executor), lane_(lane) {}
  // Errors: "connection refused", "connection timed out after 30 s", ...
  Task<Result<std::unique_ptr<Stream>>> connect(dns::Target target, net::TlsPolicy policy, std::optional<dns::Address> source,
                                                BootTime deadline) override;

 private:
  Task<Result<std::unique_ptr<Stream>>> connect_unix(std::string path, BootTime deadline);

  Executor executor_;
  HandshakeLane* lane_;
};

}  // namespace mxpress::mta::net
