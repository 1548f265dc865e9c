// The thread of costly handshakes.
#include "mta/net/handshake_lane.h"

#include <sys/resource.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace mxpress::mta::net {
namespace {

using Step = TlsEngine::Step;

// Linux applies this to the calling thread only. If it is refused the thread competes with others.
void lower_priority() {
  static thread_local const int done = ::setpriority(PRIO_PROCESS, 0, 19);
  static_cast<void>(done);
}

}  // namespace

Task<Result<Step>> HandshakeLane::run(std::function<Step()> step) {
  if (waiting_.fetch_add(1) >= kMaxWaiting) {
    waiting_.fetch_sub(1);
    co_return Error::transient("this host is busy with other costly TLS handshakes");
  }
  const auto executor = co_await asio::this_coro::executor;
  auto start = [this, executor, step = std::move(step)](auto handler) mutable {
    auto work = asio::make_work_guard(executor);
    asio::post(thread_, [this, work = std::move(work), step = std::move(step), handler = std::move(handler)]() mutable {
      lower_priority();
      const Step result = step();
      waiting_.fetch_sub(1);
      asio::post(work.get_executor(), [handler = std::move(handler), result]() mutable { std::move(handler)(result); });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Step)>(std::move(start), use_task);
}

void HandshakeLane::stop() {
  thread_.stop();
  thread_.join();
}

}  // namespace mxpress::mta::net
