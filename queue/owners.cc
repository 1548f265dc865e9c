// Bit sets of queue ids, one for each user, and counts of mail for each share.
#include "queue/owners.h"

#include <bit>
#include <cassert>
#include <limits>

namespace mxpress::queue {
namespace {

std::uint64_t bit(proto::QueueId id) { return std::uint64_t{1} << (id.value % 64); }

}  // namespace

Owners::Number Owners::known(const MessageOwner& owner) const {
  if (owner.is_user()) {
    const auto found = users_.find(owner.uid());
    return found == users_.end() ? 0 : found->second;
  }
  const auto found = shares_.find(owner.share());
  return found == shares_.end() ? 0 : found->second;
}

Owners::Number Owners::number(const MessageOwner& owner) {
  if (!owner.is_user() && !owner.share().is_known()) return 0;
  if (const Number before = known(owner); before != 0) return before;
  if (!owner.is_user() && shares_.size() >= kMostShares && owner.share() != proto::ShareOwner::host()) return 0;
  Number next = 0;
  if (!free_.empty()) {
    next = free_.back();
    free_.pop_back();
  } else {
    if (sets_.size() == std::numeric_limits<Number>::max()) return 0;
    sets_.push_back(std::make_unique<Set>());
    next = static_cast<Number>(sets_.size());
  }
  sets_[next - 1]->owner = owner;
  if (owner.is_user()) return users_[owner.uid()] = next;
  return shares_[owner.share()] = next;
}

Owners::Number Owners::add(const MessageOwner& owner, proto::QueueId id) {
  const Number found = number(owner);
  if (found == 0) return 0;
  Set& set = *sets_[found - 1];
  if (owner.is_user())
    set.pages[id.value / kPage] |= bit(id);
  else
    ++set.messages;
  return found;
}

void Owners::remove(Number owner, proto::QueueId id) {
  if (owner == 0) return;
  Set& set = *sets_[owner - 1];
  if (!set.owner.is_user()) {
    assert(set.messages > 0);
    if (--set.messages == 0) release(owner);
    return;
  }
  const auto page = set.pages.find(id.value / kPage);
  if (page == set.pages.end()) return;
  page->second &= ~bit(id);
  if (page->second != 0) return;
  set.pages.erase(page);
  if (set.pages.empty()) release(owner);
}

void Owners::release(Number owner) {
  Set& set = *sets_[owner - 1];
  if (set.owner.is_user())
    users_.erase(set.owner.uid());
  else
    shares_.erase(set.owner.share());
  set = Set{};
  free_.push_back(owner);
}

bool Owners::has(std::int64_t uid, proto::QueueId id) const {
  const auto found = users_.find(uid);
  if (found == users_.end()) return false;
  const auto& pages = sets_[found->second - 1]->pages;
  const auto page = pages.find(id.value / kPage);
  return page != pages.end() && (page->second & bit(id)) != 0;
}

std::vector<proto::QueueId> Owners::ids(std::int64_t uid) const {
  std::vector<proto::QueueId> ids;
  const auto found = users_.find(uid);
  if (found == users_.end()) return ids;
  for (const auto& [number, bits] : sets_[found->second - 1]->pages)
    for (std::uint64_t left = bits; left != 0; left &= left - 1)
      ids.push_back({number * kPage + static_cast<std::uint64_t>(std::countr_zero(left))});
  return ids;
}

}  // namespace mxpress::queue
