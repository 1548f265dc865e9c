// The access to the simulated internet: a resolver and a connector for the real delivery code; counts connections.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "dns/resolver.h"
#include "tests/sim/ledger.h"
#include "tests/sim/mail_host.h"
#include "tests/sim/world.h"

namespace mxpress::sim {

struct InternetLimits {
  std::size_t sessions = 200;  // in all, as configured
  std::size_t sessions_per_site = 10;
  Limits host;
};

class Internet {
 public:
  Internet(const World& world, Ledger& ledger, InternetLimits limits);

  std::shared_ptr<dns::Resolver> make_resolver();
  std::unique_ptr<mta::net::Connector> make_connector(asio::io_context& io);

  // An operator has requested a try: dead hosts may see one more connection for each site.
  void operator_asked() { ++asked_in_hour_; }
  std::uint64_t connections() const { return connections_; }
  std::size_t most_connections() const { return most_live_; }
  // Everything in flight is lost: called when the sessions have been destroyed.
  void crashed();

 private:
  class Resolver;
  class Connector;
  class ClientEnd;
  struct Probes {
    Instant hour{};
    unsigned count = 0;
  };

  dns::Answer answer(const dns::Question& question) const;
  dns::Answer answer_mx(const Destination& destination) const;
  void count_probe(const Host& host);
  void opened(std::uint32_t host);
  void closed(std::uint32_t host);

  const World& world_;
  Ledger& ledger_;
  const InternetLimits limits_;
  std::vector<HostWork> work_;
  std::vector<Probes> probes_;
  std::vector<unsigned> live_;  // connections of ours to each host
  std::size_t live_in_all_ = 0, most_live_ = 0;
  std::uint64_t connections_ = 0;
  Instant hour_{};
  unsigned asked_in_hour_ = 0;
};

}  // namespace mxpress::sim
