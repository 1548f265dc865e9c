// Tables of accounts, found by owner and destination.
#include "queue/accounts.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace mxpress::queue {

Accounts::Number Accounts::add(Owners::Number owner, const Weight& weight) {
  const Key key{weight.name, owner};
  if (const auto found = numbers_.find(key); found != numbers_.end()) {
    ++(*rows_)[*found].messages;
    return *found;
  }
  Number row = free_;
  if (row == kNone) {
    if (rows_->size() >= most_) return kOwnersAlone + owner;
    row = static_cast<Number>(rows_->size());
    rows_->push_back({});
  } else {
    free_ = (*rows_)[row].messages;
  }
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint16_t>::max();
  (*rows_)[row] = {weight.name, 1, 0, static_cast<std::uint16_t>(std::min(weight.destination, kMost)), owner};
  numbers_.insert(row);
  return row;
}

void Accounts::remove(Number account) {
  if (account >= kOwnersAlone) return;
  Row& row = (*rows_)[account];
  assert(row.messages > 0);
  if (--row.messages > 0) return;
  numbers_.erase(account);
  row.messages = std::exchange(free_, account);
}

std::uint32_t Accounts::begin_waiting(Number account) {
  if (account >= kOwnersAlone) return kMostForDestination;
  Row& row = (*rows_)[account];
  return row.waiting++ == 0 ? row.octets : 0;
}

std::uint32_t Accounts::end_waiting(Number account) {
  if (account >= kOwnersAlone) return kMostForDestination;
  Row& row = (*rows_)[account];
  assert(row.waiting > 0);
  return --row.waiting == 0 ? row.octets : 0;
}

std::uint32_t Accounts::charge_for(Owners::Number owner, const Weight& weight) const {
  const auto found = numbers_.find(Key{weight.name, owner});
  return found == numbers_.end() || (*rows_)[*found].waiting == 0 ? weight.destination : 0;
}

Owners::Number Accounts::owner(Number account) const {
  return account >= kOwnersAlone ? static_cast<Owners::Number>(account - kOwnersAlone) : (*rows_)[account].owner;
}

Weight Accounts::weight(Number account) const {
  if (account >= kOwnersAlone) return {0, kMostForDestination, {}};
  return {0, (*rows_)[account].octets, (*rows_)[account].name};
}

}  // namespace mxpress::queue
