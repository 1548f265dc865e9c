// What checks ask of the network besides the DNS; tests replace it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "dns/packet.h"
#include "dns/resolv_conf.h"
#include "dns/transport.h"

namespace mxpress::mta::doctor {

struct ProbeResult {
  int error = 0;           // errno of connect(2); ETIMEDOUT also at the end of the time for a probe; 0: connected
  std::string greeting{};  // first line that the host says; empty: none in time
};

// Thread: that of the coroutine's executor.
class Prober {
 public:
  virtual ~Prober() = default;
  // Connects, reads a line, says QUIT, closes. Within some seconds.
  virtual Task<ProbeResult> probe(dns::Address address, std::uint16_t port) = 0;
};

struct ServerReply {
  std::optional<dns::Packet> packet{};
  std::string failure{};  // if there is none: "no answer within 3 s"
  std::chrono::milliseconds took{0};
};

class ServerProber {
 public:
  virtual ~ServerProber() = default;
  // One question to one name server, without a second try. Within some seconds.
  virtual Task<ServerReply> ask(dns::ServerConfig server, dns::Protocol protocol, dns::Edns edns, dns::Question question) = 0;
};

}  // namespace mxpress::mta::doctor
