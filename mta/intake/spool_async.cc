// Carries the spool's completion from the committer's thread back to the executor that waits.
#include "mta/intake/spool_async.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>

namespace mxpress::mta::intake {

Task<Result<queue::QueueId>> store(queue::Spool& spool, queue::QueueId id, queue::NewMessage message) {
  const Executor executor = co_await asio::this_coro::executor;
  // Shared because std::function, the spool's callback, must be copyable and a coroutine's handler is not.
  auto pending = std::make_shared<queue::NewMessage>(std::move(message));
  auto start = [&spool, id, pending, executor](auto handler) {
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    auto work = asio::make_work_guard(executor);
    spool.store_as(id, std::move(*pending), [waiting, executor, work](Result<queue::QueueId> stored) {
      asio::post(executor, [waiting, stored = std::move(stored)]() mutable { std::move (*waiting)(std::move(stored)); });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Result<queue::QueueId>)>(std::move(start), use_task);
}

}  // namespace mxpress::mta::intake
