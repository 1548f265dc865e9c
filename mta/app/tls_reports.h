// Reports about TLS: counts the sessions of all workers, and sends the reports. RFC 8460.
#pragma once

#include <memory>

#include "dns/async.h"

namespace mxpress::queue {
class Disk;
class MessageStore;
}  // namespace mxpress::queue
namespace mxpress::mta {
class CurrentConfig;
class NameResolution;
namespace delivery {
class Deliverer;
}
namespace events {
class Sink;
}
namespace fairness {
class FileTurns;
}
namespace sts {
class Policies;
}
}  // namespace mxpress::mta

namespace mxpress::mta {

// Constructor, start() and stop(): on a thread of the daemon while no worker runs.
class TlsReports {
 public:
  // Reads what was counted before; blocks. `policies` may be constructed later. All must outlive it.
  TlsReports(queue::Disk& disk, const CurrentConfig& config, sts::Policies& policies);
  ~TlsReports();

  events::Sink& sink();

  struct Parts {
    asio::io_context& io;
    queue::MessageStore& spool;
    fairness::FileTurns& files;
    delivery::Deliverer& deliverer;
    NameResolution& names;
  };
  void start(Parts parts);
  // Stores what was counted. Call it before the parts are destroyed.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mxpress::mta
