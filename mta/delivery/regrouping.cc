// Finds messages that have jobs at the wrong destinations.
#include "mta/delivery/regrouping.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "mta/config/config.h"
#include "mta/delivery/destination.h"
#include "mta/fairness/blocking.h"
#include "mta/system/crash_record.h"
#include "mta/system/log.h"
#include "queue/message_store.h"

namespace mxpress::mta::delivery {
namespace {

constexpr Duration kUntilIdle = std::chrono::seconds(5);

std::set<std::string> destinations_of_pending(const queue::Message& message, const Config& config) {
  std::set<std::string> names;
  const routing::RecipientRouting routing(message.envelope, config);
  for (std::size_t i = 0; i < message.recipients.size(); ++i)
    if (message.recipients[i].stage == queue::RecipientStage::pending)
      names.insert(routing.destination_of(message.envelope.recipients[i].mailbox).text());
  return names;
}

}  // namespace

void Regrouping::begin() {
  asio::post(parts_.io, [this] {
    is_wanted_ = true;
    if (std::exchange(is_running_, true)) return;
    asio::co_spawn(parts_.io, run(), [this](std::exception_ptr error) {
      log_bug("mail that takes another way", error);
      is_running_ = false;
    });
  });
}

void Regrouping::stop() {
  asio::post(parts_.io, [this] { is_stopping_ = true; });
}

Task<void> Regrouping::run() {
  while (std::exchange(is_wanted_, false) && !is_stopping_) co_await run_once();
}

Task<void> Regrouping::run_once() {
  std::vector<queue::QueueId> ids = parts_.spool.ids(false);
  while (!ids.empty()) {
    std::vector<queue::QueueId> busy;
    for (const queue::QueueId id : ids) {
      if (is_wanted_ || is_stopping_) co_return;
      if (!co_await regroup(id)) busy.push_back(id);
    }
    ids = std::move(busy);
    if (ids.empty()) co_return;
    Timer timer(parts_.io, kUntilIdle);
    co_await timer.async_wait(use_task);
  }
}

// False: a delivery of it is in progress. It is read again once its jobs have ended: they may have changed it.
Task<bool> Regrouping::regroup(queue::QueueId id) {
  const auto message = co_await load(id);
  if (!message || message->ended) co_return true;
  const LeftJobs left = co_await leave(id, destinations_of_pending(*message, *parts_.config.get()));
  if (left.had_any) {
    const auto now = co_await load(id);
    if (now && !now->ended) actions_.readmit(*now);
  }
  co_return !left.are_busy;
}

Task<Result<queue::Message>> Regrouping::load(queue::QueueId id) {
  auto read = [&spool = parts_.spool, id] {
    const system::HandlingNow now(id);
    auto message = spool.load(id);
    if (message) message->content.reset();
    return message;
  };
  co_return co_await fairness::run_blocking(parts_.files, {parts_.spool.share_owner_of(id), parts_.spool.octets_to_load(id)},
                                            std::move(read));
}

Task<LeftJobs> Regrouping::leave(queue::QueueId id, std::set<std::string> names) {
  auto start = [this, id, names = std::move(names)](auto handler) mutable {
    // Shared because std::function must be copyable and a coroutine's handler is not.
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    actions_.leave(id, std::move(names),
                   [this, waiting](LeftJobs left) { asio::post(parts_.io, [waiting, left] { std::move (*waiting)(left); }); });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(LeftJobs)>(std::move(start), use_task);
}

}  // namespace mxpress::mta::delivery
