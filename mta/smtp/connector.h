// Opens TCP connections to mail hosts.
#pragma once

#include "mta/smtp/stream.h"

namespace mxpress::mta::smtp {

class TcpConnector final : public Connector {
 public:
  explicit TcpConnector(Executor executor) : executor_(executor) {}
  // Errors: "connection refused", "connection timed out after 30 s", ...
  Task<Result<std::unique_ptr<Stream>>> connect(dns::Target target, BootTime deadline) override;

 private:
  Executor executor_;
};

}  // namespace mxpress::mta::smtp
