// Sends the log's announcements to the administrator: by mail, and by a command of the runner.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "dns/async.h"
#include "mta/app/alert_desk.h"

namespace mxpress::queue {
class MessageStore;
}

namespace mxpress::mta {

class CurrentConfig;
class OutageResponse;
namespace delivery {
class Deliverer;
}

// Thread: the constructor, stop() and the destructor that of `io`'s owner; all other functions that of `io`.
class Alerts {
 public:
  struct Parts {
    asio::io_context& io;
    queue::MessageStore& spool;
    const CurrentConfig& config;
    delivery::Deliverer& deliverer;
    const OutageResponse& outages;
  };
  // From here on it gets the announcements.
  explicit Alerts(Parts parts);
  ~Alerts() { stop(); }

  // From now on announcements are only logged. Ends a running command. Blocks for a moment.
  void stop();

 private:
  void take(AlertDesk::Fields alert);
  void tell(const AlertDesk::Fields& alert);
  void send(const AlertDesk::Fields& alert);
  void run_command(const std::string& text);
  void arm();

  const Parts parts_;
  AlertDesk desk_;
  Timer timer_;
  std::stop_source stop_;
  std::optional<asio::thread_pool> commands_;  // one thread, if there is a command
};

}  // namespace mxpress::mta
