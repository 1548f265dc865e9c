// All checks of `mxpress doctor` together: in parallel where they wait for the network, bounded in time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <optional>

#include "mta/doctor/host_checks.h"
#include "mta/doctor/port_check.h"

namespace mxpress::mta::routing {
struct SigningKeys;
}

namespace mxpress::mta::doctor {

// The ways to ask. All must outlive the examination.
struct Tools {
  dns::Resolver& usual;  // by the configured name servers
  dns::Resolver& zone;   // by the name servers of each zone, else the usual ones
  ServerProber& servers;
  Prober& hosts;
};

struct Case {
  Subject subject;
  const routing::SigningKeys* keys = nullptr;  // null: they cannot be read
  DaemonFacts daemon{};
  PortFacts port{};
  std::vector<dns::ServerConfig> servers{};
  std::vector<proto::Domain> block_lists{};
  std::vector<Listener> listeners{};
  std::string random_label{};  // of a name that nobody has
};

// Runs `io`, which runs the coroutines of the tools. What is not finished after `limit` is unknown.
Findings examine(asio::io_context& io, const Case& subject, Tools tools, std::chrono::steady_clock::duration limit);

}  // namespace mxpress::mta::doctor
