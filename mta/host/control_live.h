// Control requests answered by the running daemon.
#pragma once

#include <functional>

#include "mta/host/control_backend.h"

namespace mxpress::mta::host {

class LiveBackend final : public ControlBackend {
 public:
  // All must outlive it. `reload` reads the configuration again; called on a thread of the control server.
  LiveBackend(queue::Spool& spool, delivery::Deliverer& deliverer, CurrentConfig& config, WallTime started, std::function<Status()> reload)
      : spool_(spool), deliverer_(deliverer), config_(config), started_(started), reload_(std::move(reload)) {}

  std::vector<queue::QueueId> ids() override { return spool_.ids(false); }
  Result<queue::Message> load(queue::QueueId id) override { return spool_.load(id); }
  Result<std::vector<delivery::ActionEffect>> act(queue::ActionKind action, std::vector<queue::QueueId> ids) override;
  Result<std::vector<delivery::DestinationStatus>> destinations() override;
  DaemonStatus status() override { return {true, started_, spool_.counters()}; }
  Status reload() override { return reload_(); }
  std::shared_ptr<const Config> config() override { return config_.get(); }

 private:
  queue::Spool& spool_;
  delivery::Deliverer& deliverer_;
  CurrentConfig& config_;
  WallTime started_;
  std::function<Status()> reload_;
};

}  // namespace mxpress::mta::host
