// Control requests to the running daemon: its callbacks, awaited on a thread of the control server.
#include "mta/control/live.h"

#include <chrono>
#include <future>
#include <memory>
#include <utility>

#include "mta/config/config.h"
#include "queue/message_store.h"

namespace mxpress::mta::control {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);
constexpr auto kOldestStaysKnown = std::chrono::seconds(1);
constexpr auto kWaitingStaysKnown = std::chrono::minutes(1);

template <class T>
std::optional<T> await(std::future<T> future) {
  if (future.wait_for(kPatience) != std::future_status::ready) return std::nullopt;
  return future.get();
}

using Rows = std::vector<delivery::DestinationStatus>;
using RowsDone = std::function<void(Rows)>;

template <class Ask>
Result<Rows> ask_for_rows(Ask ask) {
  const auto promise = std::make_shared<std::promise<Rows>>();  // shared with the callback, which may come after this has given up
  auto future = promise->get_future();
  ask([promise](Rows rows) { promise->set_value(std::move(rows)); });
  auto rows = await(std::move(future));
  if (!rows) return Error::transient("the daemon did not answer within 30 s");
  return std::move(*rows);
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

std::vector<queue::QueueId> LiveBackend::ids() { return spool_.ids(false); }
std::uint64_t LiveBackend::message_count() { return spool_.counters().messages; }
std::vector<queue::QueueId> LiveBackend::ids_of(uid_t uid) { return spool_.ids_of(std::int64_t{uid}); }
std::vector<queue::QueueId> LiveBackend::ended() { return spool_.ended(); }
std::vector<queue::QueueId> LiveBackend::ended_of(uid_t uid) { return spool_.ended_of(std::int64_t{uid}); }
bool LiveBackend::owns(uid_t uid, queue::QueueId id) { return spool_.owns(std::int64_t{uid}, id); }
Result<queue::Message> LiveBackend::load(queue::QueueId id) { return spool_.load(id); }

std::shared_ptr<const Config> LiveBackend::config() { return config_.get(); }

DaemonStatus LiveBackend::status() {
  DaemonStatus status{true, started_, spool_.counters(), failures_(), counters_.counts(), events_.losses(), keys_(), limits_()};
  if (const Status room = spool_.room_for(0); status.counters.accepting && !room) {
    status.counters.accepting = false;
    status.counters.not_accepting_because = room.error().message;
  }
  if (const std::string& why = status.counters.not_recovered_because; !why.empty())
    status.failures.push_back("mail of earlier runs cannot be read: " + why);
  complete_(status);
  return status;
}

Result<std::vector<delivery::ActionEffect>> LiveBackend::act(queue::ActionKind action, std::vector<queue::QueueId> ids) {
  using Effects = Result<std::vector<delivery::ActionEffect>>;
  // Shared with the callback, which may come after this has given up.
  const auto promise = std::make_shared<std::promise<Effects>>();
  auto future = promise->get_future();
  deliverer_.act(action, std::move(ids), [promise](Effects effects) { promise->set_value(std::move(effects)); });
  auto effects = await(std::move(future));
  if (!effects) return Error::transient("the daemon did not answer within 30 s; what was asked may still be done");
  return std::move(*effects);
}

Result<std::vector<delivery::DestinationStatus>> LiveBackend::destinations() {
  return ask_for_rows([this](RowsDone done) { deliverer_.status(std::move(done)); });
}

Result<std::vector<delivery::DestinationStatus>> LiveBackend::status_of(queue::QueueId id) {
  return ask_for_rows([this, id](RowsDone done) { deliverer_.status_of(id, std::move(done)); });
}

std::optional<WallTime> LiveBackend::oldest() {
  const std::lock_guard lock(oldest_mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (oldest_.looked_at != Oldest().looked_at && now - oldest_.looked_at < kOldestStaysKnown) return oldest_.submitted;
  const auto id = spool_.oldest();
  if (id != oldest_.id) {
    const auto message = id ? spool_.load(*id) : Error::permanent("none");
    oldest_.id = id;
    oldest_.submitted = message ? std::optional(message->envelope.submitted) : std::nullopt;
  }
  oldest_.looked_at = now;
  return oldest_.submitted;
}

std::optional<WallTime> LiveBackend::waiting_since() {
  const std::lock_guard lock(waiting_mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (waiting_.looked_at != WaitingSince().looked_at && now - waiting_.looked_at < kWaitingStaysKnown) return waiting_.submitted;
  waiting_ = {now, ControlBackend::waiting_since()};
  return waiting_.submitted;
}

}  // namespace mxpress::mta::control
