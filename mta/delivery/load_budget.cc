// The budget for loads of messages.
#include "mta/delivery/load_budget.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include <boost/unordered/unordered_flat_map.hpp>

namespace mxpress::mta::delivery {

struct LoadBudget::State : std::enable_shared_from_this<State> {
  using Granted = std::function<void(std::shared_ptr<Charge>)>;
  struct Request {
    std::uint64_t octets;
    Granted granted;
  };
  using Lines = std::map<fairness::Owner, std::deque<Request>>;

  explicit State(std::uint64_t most) : limit(most) {}

  std::uint64_t free() const { return limit - std::min(limit, counters.held); }

  bool has_share_left(const fairness::Owner& owner, std::uint64_t octets) const {
    if (counters.held == 0) return true;
    const auto own = held_by.find(owner);
    return octets <= free() && (own == held_by.end() ? 0 : own->second) + octets <= free() - octets;
  }

  Charge grant(std::uint64_t octets, const fairness::Owner& owner) {
    counters.held += octets;
    counters.peak = std::max(counters.peak, counters.held);
    counters.octets += octets;
    ++counters.charges;
    if (octets > 0) held_by[owner] += octets;
    return Charge(shared_from_this(), octets, owner);
  }

  bool would_wait(std::uint64_t octets, const fairness::Owner& owner) const { return !lines.empty() || !has_share_left(owner, octets); }

  std::optional<Charge> try_acquire(std::uint64_t octets, const fairness::Owner& owner) {
    const std::lock_guard lock(mutex);
    if (would_wait(octets, owner)) return std::nullopt;
    return grant(octets, owner);
  }

  void acquire(std::uint64_t octets, const fairness::Owner& owner, Granted granted) {
    {
      const std::lock_guard lock(mutex);
      lines[owner].push_back({octets, std::move(granted)});
      ++counters.waiting;
    }
    grant_next();
  }

  void release(std::uint64_t octets, const fairness::Owner& owner) {
    {
      const std::lock_guard lock(mutex);
      counters.held -= octets;
      if (const auto own = held_by.find(owner); own != held_by.end() && (own->second -= octets) == 0) held_by.erase(own);
    }
    grant_next();
  }

  // The owner whose turn it is. None: no waiting request can be granted now.
  Lines::iterator next_line() {
    auto line = lines.upper_bound(last);
    for (std::size_t looked = 0; looked < lines.size(); ++looked, ++line) {
      if (line == lines.end()) line = lines.begin();
      if (has_share_left(line->first, line->second.front().octets)) return line;
    }
    return lines.end();
  }

  void grant_next() {
    for (;;) {
      Granted granted;
      std::shared_ptr<Charge> charge;
      {
        const std::lock_guard lock(mutex);
        const auto line = next_line();
        if (line == lines.end()) return;
        last = line->first;
        charge = std::make_shared<Charge>(grant(line->second.front().octets, last));
        granted = std::move(line->second.front().granted);
        line->second.pop_front();
        --counters.waiting;
        if (line->second.empty()) lines.erase(line);
      }
      granted(std::move(charge));
    }
  }

  const std::uint64_t limit;
  mutable std::mutex mutex;
  Counters counters;
  Lines lines;                                                        // never an empty one
  fairness::Owner last;                                               // owner of the last turn
  boost::unordered_flat_map<fairness::Owner, std::uint64_t> held_by;  // only owners who hold something
};

LoadBudget::LoadBudget(std::uint64_t limit) : state_(std::make_shared<State>(limit)) {}

LoadBudget::~LoadBudget() {
  State::Lines dropped;
  const std::lock_guard lock(state_->mutex);
  dropped.swap(state_->lines);
  state_->counters.waiting = 0;
}

LoadBudget::Charge& LoadBudget::Charge::operator=(Charge&& other) noexcept {
  if (this == &other) return *this;
  release();
  state_ = std::move(other.state_);
  octets_ = std::exchange(other.octets_, 0);
  owner_ = other.owner_;
  return *this;
}

void LoadBudget::Charge::release() {
  const auto state = std::exchange(state_, nullptr);
  if (state) state->release(std::exchange(octets_, 0), owner_);
}

bool LoadBudget::would_wait(std::uint64_t octets, const fairness::Owner& owner) const {
  const std::lock_guard lock(state_->mutex);
  return state_->would_wait(octets, owner);
}

std::optional<LoadBudget::Charge> LoadBudget::try_acquire(std::uint64_t octets, const fairness::Owner& owner) {
  return state_->try_acquire(octets, owner);
}

Task<LoadBudget::Charge> LoadBudget::acquire(std::uint64_t octets, fairness::Owner owner) {
  if (auto charge = state_->try_acquire(octets, owner)) co_return std::move(*charge);
  const Executor executor = co_await asio::this_coro::executor;
  auto start = [state = state_.get(), octets, owner, executor](auto handler) {
    // Shared because std::function must be copyable, and neither a coroutine's handler nor a charge is.
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    state->acquire(octets, owner, [waiting, executor, work = asio::make_work_guard(executor)](std::shared_ptr<Charge> charge) {
      asio::post(executor, [waiting, charge] { std::move (*waiting)(charge); });
    });
  };
  const auto charge =
      co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(std::shared_ptr<Charge>)>(std::move(start), use_task);
  co_return std::move(*charge);
}

LoadBudget::Counters LoadBudget::counters() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counters;
}

std::uint64_t LoadBudget::limit() const { return state_->limit; }

}  // namespace mxpress::mta::delivery
