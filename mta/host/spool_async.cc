// Carries the spool's completion from the committer's thread back to the executor that waits.
#include "mta/host/spool_async.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>

namespace mxpress::mta {
namespace {

// Waits for what `begin`, given a callback, will pass to it from another thread. `begin` may refer to what the caller keeps while it waits.
template <class Value, class Begin>
Task<Value> completion_of(Begin begin) {
  const Executor executor = co_await asio::this_coro::executor;
  auto start = [begin = std::move(begin), executor](auto handler) mutable {
    // Shared because std::function, the spool's callback, must be copyable and a coroutine's handler is not.
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    auto work = asio::make_work_guard(executor);
    begin([waiting, executor, work](Value value) {
      asio::post(executor, [waiting, value = std::move(value)]() mutable { std::move (*waiting)(std::move(value)); });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Value)>(std::move(start), use_task);
}

}  // namespace

Task<Result<queue::QueueId>> store(queue::MessageStore& spool, queue::QueueId id, queue::NewMessage message) {
  auto begin = [&spool, id, &message](queue::MessageStore::Stored done) { spool.store_as(id, std::move(message), std::move(done)); };
  co_return co_await completion_of<Result<queue::QueueId>>(std::move(begin));
}

Task<Status> settle(queue::MessageStore& spool, queue::Settlement settlement) {
  auto begin = [&spool, &settlement](std::function<void(Status)> done) { spool.settle(std::move(settlement), std::move(done)); };
  co_return co_await completion_of<Status>(std::move(begin));
}

}  // namespace mxpress::mta
