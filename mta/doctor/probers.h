// The real probers: TCP connections, and single questions to name servers.
#pragma once

#include <random>

#include "mta/doctor/network.h"

namespace mxpress::mta::doctor {

class TcpProber final : public Prober {
 public:
  explicit TcpProber(Executor executor) : executor_(executor) {}
  Task<ProbeResult> probe(dns::Address address, std::uint16_t port) override;

 private:
  Executor executor_;
};

class DnsServerProber final : public ServerProber {
 public:
  explicit DnsServerProber(std::uint64_t seed) : random_(seed) {}
  Task<ServerReply> ask(dns::ServerConfig server, dns::Protocol protocol, dns::Edns edns, dns::Question question) override;

 private:
  std::mt19937_64 random_;
};

}  // namespace mxpress::mta::doctor
