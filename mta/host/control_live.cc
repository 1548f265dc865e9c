// Control requests answered by the running daemon: its callbacks, awaited on a thread of the control server.
#include "mta/host/control_live.h"

#include <chrono>
#include <future>
#include <memory>

namespace mxpress::mta::host {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

template <class T>
std::optional<T> await(std::future<T> future) {
  if (future.wait_for(kPatience) != std::future_status::ready) return std::nullopt;
  return future.get();
}

}  // namespace

std::vector<queue::QueueId> LiveBackend::ids() {
  recovered_.wait_for(kPatience);
  return spool_.ids(false);
}

Result<queue::Message> LiveBackend::load(queue::QueueId id) {
  recovered_.wait_for(kPatience);
  return spool_.load(id);
}

Result<std::vector<delivery::ActionEffect>> LiveBackend::act(queue::ActionKind action, std::vector<queue::QueueId> ids) {
  using Effects = Result<std::vector<delivery::ActionEffect>>;
  // Shared with the callback, which may come after we have given up.
  recovered_.wait_for(kPatience);
  const auto promise = std::make_shared<std::promise<Effects>>();
  auto future = promise->get_future();
  deliverer_.act(action, std::move(ids), [promise](Effects effects) { promise->set_value(std::move(effects)); });
  auto effects = await(std::move(future));
  if (!effects) return Error::transient("the daemon did not answer within 30 s; what was asked may still be done");
  return std::move(*effects);
}

Result<std::vector<delivery::DestinationStatus>> LiveBackend::destinations() {
  using Destinations = std::vector<delivery::DestinationStatus>;
  recovered_.wait_for(kPatience);
  const auto promise = std::make_shared<std::promise<Destinations>>();
  auto future = promise->get_future();
  deliverer_.status([promise](Destinations destinations) { promise->set_value(std::move(destinations)); });
  auto destinations = await(std::move(future));
  if (!destinations) return Error::transient("the daemon did not answer within 30 s");
  return std::move(*destinations);
}

}  // namespace mxpress::mta::host
