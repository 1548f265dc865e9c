// Control requests to the running daemon.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>

#include "dns/async.h"
#include "mta/control/backend.h"

namespace mxpress::queue {
class MessageStore;
}

namespace mxpress::mta {
class CurrentConfig;
}

namespace mxpress::mta::control {

// The daemon's progress with the mail of the last run. Any thread.
class RecoveryProgress {
 public:
  void failed();
  void done();
  // False: not complete after this time; returned at once if recovery has failed and is to be tried again.
  bool wait(std::chrono::milliseconds patience) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool done_ = false, failed_ = false;
};

// What has happened, and who is told of what happens. Each may be null.
struct Past {
  const history::Search* history = nullptr;
  const history::Search* dialogues = nullptr;
  events::Followers* followers = nullptr;
};

class LiveBackend final : public ControlBackend {
 public:
  // All arguments must outlive it. `reload` reads the configuration again; called on a thread of the control server. `failures` gives those
  // of the daemon itself, `keys` the state of signing keys, and `limits` the rate limits, on a thread of the control server; `complete`
  // adds delivery's data.
  LiveBackend(
      queue::MessageStore& spool, delivery::Deliverer& deliverer, CurrentConfig& config, const RecoveryProgress& recovery,
      events::Hub& events, const events::Counters& counters, std::function<Status()> reload,
      std::function<std::vector<std::string>()> failures = [] { return std::vector<std::string>(); },
      std::function<std::vector<records::KeyStatus>()> keys = [] { return std::vector<records::KeyStatus>(); },
      std::function<std::vector<rates::AccountStatus>()> limits = [] { return std::vector<rates::AccountStatus>(); },
      std::function<void(DaemonStatus&)> complete = [](DaemonStatus&) {}, Past past = {})
      : spool_(spool),
        deliverer_(deliverer),
        config_(config),
        recovery_(recovery),
        events_(events),
        counters_(counters),
        reload_(std::move(reload)),
        failures_(std::move(failures)),
        keys_(std::move(keys)),
        limits_(std::move(limits)),
        complete_(std::move(complete)),
        past_(past) {}

  Status ready() override;
  std::vector<queue::QueueId> ids() override;
  std::uint64_t message_count() override;
  std::vector<queue::QueueId> ids_of(uid_t uid) override;
  std::vector<queue::QueueId> ended() override;
  std::vector<queue::QueueId> ended_of(uid_t uid) override;
  bool owns(uid_t uid, queue::QueueId id) override;
  Result<queue::Message> load(queue::QueueId id) override;
  Result<std::vector<delivery::ActionEffect>> act(queue::ActionKind action, std::vector<queue::QueueId> ids) override;
  void tell(const events::Event& event) override { events_.emit(event); }
  Result<std::vector<delivery::DestinationStatus>> destinations() override;
  Result<std::vector<delivery::DestinationStatus>> status_of(queue::QueueId id) override;
  DaemonStatus status() override;
  // Updated at most once a second, because anybody may ask.
  std::optional<WallTime> oldest() override;
  std::optional<WallTime> waiting_since() override;  // once a minute
  Status reload() override { return reload_(); }
  std::shared_ptr<const Config> config() override;
  const history::Search* history() override { return past_.history; }
  const history::Search* dialogues() override { return past_.dialogues; }
  events::Followers* followers() override { return past_.followers; }

 private:
  queue::MessageStore& spool_;
  delivery::Deliverer& deliverer_;
  CurrentConfig& config_;
  const RecoveryProgress& recovery_;
  events::Hub& events_;
  const events::Counters& counters_;
  struct Oldest {
    std::chrono::steady_clock::time_point looked_at{};
    std::optional<queue::QueueId> id;
    std::optional<WallTime> submitted;
  };
  struct WaitingSince {
    std::chrono::steady_clock::time_point looked_at{};
    std::optional<WallTime> submitted;
  };
  std::mutex oldest_mutex_, waiting_mutex_;
  Oldest oldest_;
  WaitingSince waiting_;
  WallTime started_ = Clock::current().wall();
  std::function<Status()> reload_;
  const std::function<std::vector<std::string>()> failures_;
  const std::function<std::vector<records::KeyStatus>()> keys_;
  const std::function<std::vector<rates::AccountStatus>()> limits_;
  const std::function<void(DaemonStatus&)> complete_;
  const Past past_;
};

}  // namespace mxpress::mta::control
