// Carries the spool's completion from the committer's thread back to the waiting executor.
#include "mta/system/spool_async.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>

namespace mxpress::mta {

Task<Result<queue::QueueId>> store(queue::MessageStore& spool, queue::QueueId id, queue::NewMessage&& message) {
  using Stored = Result<queue::QueueId>;
  const Executor executor = co_await asio::this_coro::executor;
  auto start = [&spool, id, &message, executor](auto handler) {
    // Shared because std::function, the spool's callback, must be copyable and a coroutine's handler is not.
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    auto work = asio::make_work_guard(executor);
    spool.store_as(id, std::move(message), [waiting, executor, work](Stored stored) {
      asio::post(executor, [waiting, stored = std::move(stored)]() mutable { std::move (*waiting)(std::move(stored)); });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Stored)>(std::move(start), use_task);
}

}  // namespace mxpress::mta
