// Control requests answered by the running daemon: its callbacks, awaited on a thread of the control server.
#include "mta/host/control_live.h"

#include <chrono>
#include <future>
#include <memory>
#include <utility>

namespace mxpress::mta::host {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

template <class T>
std::optional<T> await(std::future<T> future) {
  if (future.wait_for(kPatience) != std::future_status::ready) return std::nullopt;
  return future.get();
}

}  // namespace

void RecoveryProgress::failed() {
  const std::lock_guard lock(mutex_);
  failed_ = true;
  changed_.notify_all();
}

void RecoveryProgress::done() {
  const std::lock_guard lock(mutex_);
  done_ = true;
  changed_.notify_all();
}

bool RecoveryProgress::wait(std::chrono::milliseconds patience) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return done_ || failed_; });
  return done_;
}

Status LiveBackend::ready() {
  if (recovery_.wait(kPatience)) return {};
  const std::string why = spool_.counters().not_recovered_because;
  return Error::transient("mail of earlier runs has not been read yet" + (why.empty() ? "; it is being read" : ": " + why));
}

DaemonStatus LiveBackend::status() {
  DaemonStatus status{true, started_, spool_.counters(), troubles_};
  if (const Status room = spool_.room_for(0); status.counters.accepting && !room) {
    status.counters.accepting = false;
    status.counters.not_accepting_because = room.error().message;
  }
  if (const std::string& why = status.counters.not_recovered_because; !why.empty())
    status.troubles.push_back("mail of earlier runs cannot be read: " + why);
  return status;
}

Result<std::vector<delivery::ActionEffect>> LiveBackend::act(queue::ActionKind action, std::vector<queue::QueueId> ids) {
  using Effects = Result<std::vector<delivery::ActionEffect>>;
  // Shared with the callback, which may come after we have given up.
  const auto promise = std::make_shared<std::promise<Effects>>();
  auto future = promise->get_future();
  deliverer_.act(action, std::move(ids), [promise](Effects effects) { promise->set_value(std::move(effects)); });
  auto effects = await(std::move(future));
  if (!effects) return Error::transient("the daemon did not answer within 30 s; what was asked may still be done");
  return std::move(*effects);
}

Result<std::vector<delivery::DestinationStatus>> LiveBackend::destinations() {
  using Destinations = std::vector<delivery::DestinationStatus>;
  const auto promise = std::make_shared<std::promise<Destinations>>();
  auto future = promise->get_future();
  deliverer_.status([promise](Destinations destinations) { promise->set_value(std::move(destinations)); });
  auto destinations = await(std::move(future));
  if (!destinations) return Error::transient("the daemon did not answer within 30 s");
  return std::move(*destinations);
}

}  // namespace mxpress::mta::host
