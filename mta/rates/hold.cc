// Holds.
#include "mta/rates/hold.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "mta/system/instant.h"

namespace mxpress::mta::rates {
namespace {

constexpr Amount kAny{std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max()};

// a * b, limited to the largest value.
std::uint64_t times(std::uint64_t a, std::uint64_t b) { return a > kAny.messages / b ? kAny.messages : a * b; }
std::uint64_t plus(std::uint64_t a, std::uint64_t b) { return a > kAny.messages - b ? kAny.messages : a + b; }

}  // namespace

Hold::Hold(RateLimits& limits, std::shared_ptr<RateLimits::Entry> entry) : limits_(limits), entry_(std::move(entry)) {}

Hold::~Hold() {
  std::vector<Waiter> waiters;
  {
    auto state = limits_.state_.lock();
    const Instant now = RateLimits::advance(*state, system::instant_now());
    if (has_begun_) {
      entry_->account.count({1, held_.recipients}, now);
      held_ = {held_.messages - 1, 0};
    }
    entry_->account.release(held_);
    waiters = RateLimits::called(*entry_, now);
  }
  limits_.call(waiters);
}

Amount Hold::rest_of(const Wish& wish, const Amount& free, const Amount& most) const {
  const std::uint64_t sharers = wish.others + 1;
  const std::uint64_t messages = plus(held_.messages, std::min(free.messages / sharers, most.messages));
  const std::uint64_t recipients =
      std::min({std::uint64_t{wish.recipients}, plus(held_.recipients, std::min(free.recipients / sharers, most.recipients)),
                times(messages, wish.per_transaction)});
  const std::uint64_t transactions = (recipients + wish.per_transaction - 1) / wish.per_transaction;
  const auto above = [](std::uint64_t all, std::uint64_t held) { return all > held ? all - held : 0; };
  return {above(transactions, held_.messages), above(recipients, held_.recipients)};
}

bool Hold::needs_record(const Wish& wish) {
  auto state = limits_.state_.lock();
  const Instant now = RateLimits::advance(*state, system::instant_now());
  const Amount rest = rest_of(wish, entry_->account.free(now), kAny), reserved = entry_->account.reserved(now);
  if (rest.messages <= reserved.messages && rest.recipients <= reserved.recipients) return false;
  entry_->account.want(rest);
  return true;
}

std::size_t Hold::extend(const Wish& wish) {
  auto state = limits_.state_.lock();
  const Instant now = RateLimits::advance(*state, system::instant_now());
  const Amount rest = rest_of(wish, entry_->account.free(now), entry_->account.reserved(now));
  entry_->account.take(rest);
  held_.messages += rest.messages;
  held_.recipients += rest.recipients;
  return static_cast<std::size_t>(std::min<std::uint64_t>(held_.recipients, wish.recipients));
}

bool Hold::begin_transaction() {
  if (held_.messages == 0) {
    auto state = limits_.state_.lock();
    if (entry_->account.reserved(RateLimits::advance(*state, system::instant_now())).messages == 0) return false;
    entry_->account.take({1, 0});
    held_.messages = 1;
  }
  has_begun_ = true;
  return true;
}

void Hold::end_transaction(std::size_t recipients) {
  has_begun_ = false;
  if (recipients == 0) return;
  const Amount used{1, std::min<std::uint64_t>(recipients, held_.recipients)};
  auto state = limits_.state_.lock();
  entry_->account.count(used, RateLimits::advance(*state, system::instant_now()));
  held_.messages -= used.messages;
  held_.recipients -= used.recipients;
}

void Hold::was_refused() {
  auto state = limits_.state_.lock();
  entry_->account.refused(RateLimits::advance(*state, system::instant_now()));
}

}  // namespace mxpress::mta::rates
