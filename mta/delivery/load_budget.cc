// The budget for loads of messages.
#include "mta/delivery/load_budget.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

namespace mxpress::mta::delivery {

struct LoadBudget::State : std::enable_shared_from_this<State> {
  using Granted = std::function<void(std::shared_ptr<Charge>)>;
  struct Request {
    std::uint64_t octets;
    Granted granted;
  };

  explicit State(std::uint64_t most) : limit(most) {}

  bool fits(std::uint64_t octets) const { return counters.held == 0 || counters.held + octets <= limit; }

  Charge grant(std::uint64_t octets) {
    counters.held += octets;
    counters.peak = std::max(counters.peak, counters.held);
    counters.octets += octets;
    ++counters.charges;
    return Charge(shared_from_this(), octets);
  }

  std::optional<Charge> try_acquire(std::uint64_t octets) {
    const std::lock_guard lock(mutex);
    if (!waiting.empty() || !fits(octets)) return std::nullopt;
    return grant(octets);
  }

  void acquire(std::uint64_t octets, Granted granted) {
    {
      const std::lock_guard lock(mutex);
      waiting.push_back({octets, std::move(granted)});
    }
    grant_next();
  }

  void release(std::uint64_t octets) {
    {
      const std::lock_guard lock(mutex);
      counters.held -= octets;
    }
    grant_next();
  }

  void grant_next() {
    for (;;) {
      Granted granted;
      std::shared_ptr<Charge> charge;
      {
        const std::lock_guard lock(mutex);
        if (waiting.empty() || !fits(waiting.front().octets)) return;
        charge = std::make_shared<Charge>(grant(waiting.front().octets));
        granted = std::move(waiting.front().granted);
        waiting.pop_front();
      }
      granted(std::move(charge));
    }
  }

  const std::uint64_t limit;
  mutable std::mutex mutex;
  Counters counters;
  std::deque<Request> waiting;
};

LoadBudget::LoadBudget(std::uint64_t limit) : state_(std::make_shared<State>(limit)) {}

LoadBudget::~LoadBudget() {
  std::deque<State::Request> dropped;
  const std::lock_guard lock(state_->mutex);
  dropped.swap(state_->waiting);
}

LoadBudget::Charge& LoadBudget::Charge::operator=(Charge&& other) noexcept {
  if (this == &other) return *this;
  release();
  state_ = std::move(other.state_);
  octets_ = std::exchange(other.octets_, 0);
  return *this;
}

void LoadBudget::Charge::release() {
  const auto state = std::exchange(state_, nullptr);
  if (state) state->release(std::exchange(octets_, 0));
}

Task<LoadBudget::Charge> LoadBudget::acquire(std::uint64_t octets) {
  if (auto charge = state_->try_acquire(octets)) co_return std::move(*charge);
  const Executor executor = co_await asio::this_coro::executor;
  auto start = [state = state_.get(), octets, executor](auto handler) {
    // Shared because std::function must be copyable, and neither a coroutine's handler nor a charge is.
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    state->acquire(octets, [waiting, executor, work = asio::make_work_guard(executor)](std::shared_ptr<Charge> charge) {
      asio::post(executor, [waiting, charge] { std::move (*waiting)(charge); });
    });
  };
  const auto charge =
      co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(std::shared_ptr<Charge>)>(std::move(start), use_task);
  co_return std::move(*charge);
}

LoadBudget::Counters LoadBudget::counters() const {
  const std::lock_guard lock(state_->mutex);
  Counters counters = state_->counters;
  counters.waiting = state_->waiting.size();
  return counters;
}

std::uint64_t LoadBudget::limit() const { return state_->limit; }

}  // namespace mxpress::mta::delivery
