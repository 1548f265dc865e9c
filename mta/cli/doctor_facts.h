// What `mxpress doctor` needs to know of the configuration and of the running daemon.
#pragma once

#include <vector>

#include "mta/doctor/host_checks.h"
#include "mta/doctor/port_check.h"

namespace mxpress::mta {
struct Config;
}
namespace mxpress::mta::routing {
struct SigningKeys;
}

namespace mxpress::mta::cli {

struct DaemonAnswer {
  doctor::DaemonFacts facts;
  std::vector<doctor::Success> successes;  // of the last day, as far as this user may see
};
// Blocks as long as the daemon does.
DaemonAnswer ask_daemon(const Config& config, WallTime now);

// `keys`: null if they cannot be read. Keys that have not begun to sign beside others, or have ended to, are left out.
doctor::Subject subject_of(const Config& config, const proto::Domain& domain, const routing::SigningKeys* keys,
                           const doctor::DaemonFacts& daemon);

// True if a provider takes all mail that leaves this host.
bool goes_by_provider_alone(const Config& config);

// Asks the daemon to send an alert.
Status send_alert(const Config& config, const std::string& words);

}  // namespace mxpress::mta::cli
