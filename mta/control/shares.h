// Divides the daemon's time among users of the control socket: a work budget for each user and for all together, and turns.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

#include <sys/types.h>

#include <boost/unordered/unordered_flat_map.hpp>

namespace mxpress::mta::control {

// Work is counted in units: a unit is reading a small message, or sending up to 64 KiB; about 50 microseconds.
struct WorkLimits {
  double units_per_second_of_one = 4'000, at_once_of_one = 40'000;
  double units_per_second_of_all = 10'000, at_once_of_all = 40'000;
  std::size_t turns = 1;  // number of answers in progress at a time; each may hold one message in memory
};

// The budgets alone, with time as an argument. A user with an exceeded budget waits until it is refilled to zero.
class WorkBudgets {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit WorkBudgets(const WorkLimits& limits) : limits_(limits), all_(limits.at_once_of_all) {}
  void charge(uid_t user, std::uint64_t units, Time now);
  // The time that this user has to wait; 0: none.
  std::chrono::milliseconds wait(uid_t user, Time now);
  // The user's remaining budget; the waiting user with the most goes first.
  double left(uid_t user, Time now);

 private:
  struct Bucket {
    explicit Bucket(double units = 0) : left(units) {}
    double left;
    Time at{};
    void refill(double per_second, double most, Time now);
  };
  Bucket& bucket(uid_t user, Time now);
  void forget_full(Time now);

  const WorkLimits limits_;
  Bucket all_;
  boost::unordered_flat_map<uid_t, Bucket> users_;  // a user without an entry has used nothing lately
};

// Any thread.
class WorkTurns {
 public:
  explicit WorkTurns(const WorkLimits& limits) : free_(limits.turns), budgets_(limits) {}
  // Waits for this user's turn. False: closed.
  bool take(uid_t user);
  // Ends a turn that take() gave, and charges its work.
  void give_back(uid_t user, std::uint64_t units);
  std::size_t waiting();
  // Ends all waits.
  void close();

 private:
  bool is_next(std::uint64_t ticket, WorkBudgets::Time now);
  std::chrono::milliseconds patience(uid_t user, WorkBudgets::Time now);

  struct Waiting {
    std::uint64_t ticket;
    uid_t user;
  };
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t free_;
  std::uint64_t tickets_ = 0;
  std::vector<Waiting> waiting_;  // oldest first
  bool closed_ = false;
  WorkBudgets budgets_;
};

}  // namespace mxpress::mta::control
