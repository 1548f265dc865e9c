// Bit sets of queue ids, one for each user.
#include "queue/owners.h"

#include <bit>
#include <limits>

namespace mxpress::queue {
namespace {

std::uint64_t bit(proto::QueueId id) { return std::uint64_t{1} << (id.value % 64); }

}  // namespace

Owners::Number Owners::number(std::int64_t uid) {
  if (uid < 0) return 0;
  if (const auto found = numbers_.find(uid); found != numbers_.end()) return found->second;
  Number next = 0;
  if (!free_.empty()) {
    next = free_.back();
    free_.pop_back();
  } else {
    if (sets_.size() == std::numeric_limits<Number>::max()) return 0;
    sets_.push_back(std::make_unique<Set>());
    next = static_cast<Number>(sets_.size());
  }
  sets_[next - 1]->uid = uid;
  return numbers_[uid] = next;
}

Owners::Number Owners::add(std::int64_t uid, proto::QueueId id) {
  const Number owner = number(uid);
  if (owner != 0) sets_[owner - 1]->pages[id.value / kPage] |= bit(id);
  return owner;
}

void Owners::remove(Number owner, proto::QueueId id) {
  if (owner == 0) return;
  Set& set = *sets_[owner - 1];
  const auto page = set.pages.find(id.value / kPage);
  if (page == set.pages.end()) return;
  page->second &= ~bit(id);
  if (page->second != 0) return;
  set.pages.erase(page);
  if (!set.pages.empty()) return;
  numbers_.erase(set.uid);
  set = Set{};
  free_.push_back(owner);
}

bool Owners::has(std::int64_t uid, proto::QueueId id) const {
  const auto found = numbers_.find(uid);
  if (found == numbers_.end()) return false;
  const auto& pages = sets_[found->second - 1]->pages;
  const auto page = pages.find(id.value / kPage);
  return page != pages.end() && (page->second & bit(id)) != 0;
}

std::vector<proto::QueueId> Owners::ids(std::int64_t uid) const {
  std::vector<proto::QueueId> ids;
  const auto found = numbers_.find(uid);
  if (found == numbers_.end()) return ids;
  for (const auto& [number, bits] : sets_[found->second - 1]->pages)
    for (std::uint64_t left = bits; left != 0; left &= left - 1)
      ids.push_back({number * kPage + static_cast<std::uint64_t>(std::countr_zero(left))});
  return ids;
}

}  // namespace mxpress::queue
