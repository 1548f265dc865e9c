// Budgets that refill with time, and turns that go to the user with the most budget left.
#include "mta/control/shares.h"

#include <algorithm>
#include <cmath>

namespace mxpress::mta::control {
namespace {

constexpr std::size_t kUsersRemembered = 1000;
constexpr std::chrono::milliseconds kLookAgain(1000);

std::chrono::milliseconds time_until_zero(double left, double per_second) {
  if (left >= 0) return std::chrono::milliseconds(0);
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(-left / per_second * 1000)));
}

}  // namespace

void WorkBudgets::Bucket::refill(double per_second, double most, Time now) {
  if (at != Time{} && now > at) left = std::min(most, left + per_second * std::chrono::duration<double>(now - at).count());
  at = now;
}

WorkBudgets::Bucket& WorkBudgets::bucket(uid_t user, Time now) {
  if (users_.size() > kUsersRemembered) forget_full(now);
  Bucket& bucket = users_.try_emplace(user, limits_.at_once_of_one).first->second;
  bucket.refill(limits_.units_per_second_of_one, limits_.at_once_of_one, now);
  return bucket;
}

void WorkBudgets::forget_full(Time now) {
  boost::unordered::erase_if(users_, [&](auto& user) {
    user.second.refill(limits_.units_per_second_of_one, limits_.at_once_of_one, now);
    return user.second.left >= limits_.at_once_of_one;
  });
}

void WorkBudgets::charge(uid_t user, std::uint64_t units, Time now) {
  all_.refill(limits_.units_per_second_of_all, limits_.at_once_of_all, now);
  all_.left -= static_cast<double>(units);
  bucket(user, now).left -= static_cast<double>(units);
}

std::chrono::milliseconds WorkBudgets::wait(uid_t user, Time now) {
  all_.refill(limits_.units_per_second_of_all, limits_.at_once_of_all, now);
  return std::max(time_until_zero(all_.left, limits_.units_per_second_of_all),
                  time_until_zero(bucket(user, now).left, limits_.units_per_second_of_one));
}

double WorkBudgets::left(uid_t user, Time now) { return bucket(user, now).left; }

bool WorkTurns::take(uid_t user) {
  std::unique_lock lock(mutex_);
  const std::uint64_t ticket = ++tickets_;
  waiting_.push_back({ticket, user});
  for (auto now = std::chrono::steady_clock::now(); !closed_ && !is_next(ticket, now); now = std::chrono::steady_clock::now())
    changed_.wait_for(lock, patience(user, now));
  std::erase_if(waiting_, [ticket](const Waiting& waiting) { return waiting.ticket == ticket; });
  if (!closed_) --free_;
  changed_.notify_all();
  return !closed_;
}

bool WorkTurns::is_next(std::uint64_t ticket, WorkBudgets::Time now) {
  if (free_ == 0) return false;
  const Waiting* next = nullptr;
  for (const Waiting& waiting : waiting_) {
    if (budgets_.wait(waiting.user, now).count() > 0) continue;
    if (!next || budgets_.left(waiting.user, now) > budgets_.left(next->user, now)) next = &waiting;
  }
  return next && next->ticket == ticket;
}

// A user within his budget is woken when a turn is free.
std::chrono::milliseconds WorkTurns::patience(uid_t user, WorkBudgets::Time now) {
  const auto wait = budgets_.wait(user, now);
  return wait.count() > 0 ? std::min(wait, kLookAgain) : kLookAgain;
}

void WorkTurns::give_back(uid_t user, std::uint64_t units) {
  const std::lock_guard lock(mutex_);
  budgets_.charge(user, units, std::chrono::steady_clock::now());
  ++free_;
  changed_.notify_all();
}

std::size_t WorkTurns::waiting() {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

void WorkTurns::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace mxpress::mta::control
