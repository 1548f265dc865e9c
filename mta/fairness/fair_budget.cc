// Counts the units of each owner.
#include "mta/fairness/fair_budget.h"

#include <cassert>

namespace mxpress::mta::fairness {

bool FairBudget::take(const Owner& owner, std::uint64_t units) {
  if (units == 0) return true;
  const std::lock_guard lock(mutex_);
  const std::uint64_t free = total_ - held_;
  if (units > free) return false;
  const auto known = of_owner_.find(owner);
  const std::uint64_t own = (known == of_owner_.end() ? 0 : known->second) + units;
  if (own > free - units && own > least_) return false;
  held_ += units;
  if (known == of_owner_.end()) {
    of_owner_.emplace(owner, units);
  } else {
    known->second = own;
  }
  return true;
}

void FairBudget::give_back(const Owner& owner, std::uint64_t units) {
  if (units == 0) return;
  const std::lock_guard lock(mutex_);
  const auto known = of_owner_.find(owner);
  assert(known != of_owner_.end() && known->second >= units);
  held_ -= units;
  known->second -= units;
  if (known->second == 0) of_owner_.erase(known);
}

std::uint64_t FairBudget::held() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

std::uint64_t FairBudget::held_by(const Owner& owner) const {
  const std::lock_guard lock(mutex_);
  const auto known = of_owner_.find(owner);
  return known == of_owner_.end() ? 0 : known->second;
}

std::size_t FairBudget::owners() const {
  const std::lock_guard lock(mutex_);
  return of_owner_.size();
}

bool FairBudget::Hold::add(std::uint64_t units) {
  if (!budget_->take(owner_, units)) return false;
  units_ += units;
  return true;
}

void FairBudget::Hold::lower_to(std::uint64_t units) {
  if (units >= units_) return;
  budget_->give_back(owner_, units_ - units);
  units_ = units;
}

}  // namespace mxpress::mta::fairness
