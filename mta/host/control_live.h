// Control requests answered by the running daemon.
#pragma once

#include <functional>
#include <future>

#include "dns/async.h"
#include "mta/host/control_backend.h"

namespace mxpress::mta::host {

class LiveBackend final : public ControlBackend {
 public:
  // All must outlive it. `recovered` becomes ready when what the last run left is known: who asks for it before waits, for a while.
  // `reload` reads the configuration again; called on a thread of the control server.
  LiveBackend(queue::Spool& spool, delivery::Deliverer& deliverer, CurrentConfig& config, std::shared_future<void> recovered,
              std::function<Status()> reload)
      : spool_(spool), deliverer_(deliverer), config_(config), recovered_(std::move(recovered)), reload_(std::move(reload)) {}

  std::vector<queue::QueueId> ids() override;
  Result<queue::Message> load(queue::QueueId id) override;
  Result<std::vector<delivery::ActionEffect>> act(queue::ActionKind action, std::vector<queue::QueueId> ids) override;
  Result<std::vector<delivery::DestinationStatus>> destinations() override;
  DaemonStatus status() override { return {true, started_, spool_.counters()}; }
  Status reload() override { return reload_(); }
  std::shared_ptr<const Config> config() override { return config_.get(); }

 private:
  queue::Spool& spool_;
  delivery::Deliverer& deliverer_;
  CurrentConfig& config_;
  std::shared_future<void> recovered_;
  WallTime started_ = Clock::current().wall();
  std::function<Status()> reload_;
};

}  // namespace mxpress::mta::host
