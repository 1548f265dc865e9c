// Runs calls that may wait for the disk on separate threads, so that workers never wait for it.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <type_traits>
#include <utility>

#include "dns/async.h"
#include "mta/fairness/file_turns.h"

namespace mxpress::mta::fairness {

// Runs `call`, which must not throw, when it is this owner's turn; without turns (simulations) at once. The result arrives on the caller's
// executor.
template <class Call>
Task<std::invoke_result_t<Call>> run_blocking(FileTurns* turns, FileTurns::Turn turn, Call call) {
  using Value = std::invoke_result_t<Call>;
  if (!turns) co_return call();
  auto executor = co_await asio::this_coro::executor;
  auto start = [turns, turn, executor, call = std::move(call)](auto handler) mutable {
    auto work = asio::make_work_guard(executor);
    turns->post(turn, [work = std::move(work), call = std::move(call), handler = std::move(handler)]() mutable {
      Value value = call();
      auto target = work.get_executor();
      asio::post(target, [handler = std::move(handler), value = std::move(value)]() mutable { std::move(handler)(std::move(value)); });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Value)>(std::move(start), use_task);
}

}  // namespace mxpress::mta::fairness
