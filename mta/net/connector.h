// Opens connections to mail hosts, and to Unix sockets of this host.
#pragma once

#include <memory>
#include <utility>

#include "mta/net/stream.h"

namespace mxpress::mta::net {

class HandshakeLane;
class TlsSessions;

class TcpConnector final : public Connector {
 public:
  // `lane` must outlive the streams; without one costly handshakes are computed at once. `sessions`: of TLS, to resume; null: none.
  explicit TcpConnector(Executor executor, HandshakeLane* lane = nullptr, std::shared_ptr<TlsSessions> sessions = nullptr)
      : executor_(executor), lane_(lane), sessions_(std::move(sessions)) {}
  // Errors: "connection refused", "connection timed out after 30 s", ...
  Task<Result<std::unique_ptr<Stream>>> connect(dns::Target target, net::TlsPolicy policy, std::optional<dns::Address> source,
                                                BootTime deadline) override;

 private:
  Task<Result<std::unique_ptr<Stream>>> connect_unix(std::string path, BootTime deadline);

  Executor executor_;
  HandshakeLane* lane_;
  std::shared_ptr<TlsSessions> sessions_;
};

}  // namespace mxpress::mta::net
