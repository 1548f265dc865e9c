// Two streams that are connected in memory: for tests without sockets, in virtual time too.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mta/net/stream.h"

namespace mxpress::testing {

// The result of start_tls_client() on a memory stream; no octet is encrypted.
enum class MemoryTls { succeeds, verifies, fails, hangs };  // verifies: the certificate is the host's, too

struct MemoryOptions {
  std::size_t capacity = 1 << 20;  // unread octets in each direction; beyond it write() waits
  MemoryTls tls = MemoryTls::succeeds;
};

// The two ends of one connection, on one executor. After closing (or destroying) an end, the other can read the octets in transit, then
// gets 0; its writes fail with "connection reset".
std::pair<std::unique_ptr<mta::net::Stream>, std::unique_ptr<mta::net::Stream>> make_memory_streams(Executor executor,
                                                                                                    MemoryOptions options = {});

// Plays the mail hosts of a simulated internet. Lives as long as the sessions.
class MemoryConnector final : public mta::net::Connector {
 public:
  // The server of a connection: a coroutine that owns the server's end and is started for each connection.
  using Handler = std::function<Task<void>(std::unique_ptr<mta::net::Stream> server_end, dns::Target target)>;

  explicit MemoryConnector(Executor executor) : executor_(executor) {}

  // Addresses as in Target::address_text(): "192.0.2.1:25". Other addresses refuse the connection.
  void serve(std::string address, Handler handler, MemoryOptions options = {});
  // The connection fails with these words, after this time ("hang": longer than any deadline).
  void refuse(std::string address, std::string words, Duration after = Duration(0));

  Task<Result<std::unique_ptr<mta::net::Stream>>> connect(dns::Target target, mta::net::TlsPolicy policy,
                                                          std::optional<dns::Address> source, BootTime deadline) override;

  // Each attempt, in order, including failed ones.
  const std::vector<std::string>& attempts() const { return attempts_; }

 private:
  struct Host {
    Handler handler;  // empty: refuses
    MemoryOptions options;
    std::string words = "connection refused";
    Duration after{0};
  };
  Task<Result<std::unique_ptr<mta::net::Stream>>> fail(Host host, BootTime deadline);

  Executor executor_;
  std::map<std::string, Host> hosts_;
  std::vector<std::string> attempts_;
};

}  // namespace mxpress::testing
