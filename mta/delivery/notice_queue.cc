// Times, lines and places of messages with pending notices.
#include "mta/delivery/notice_queue.h"

#include "mta/delivery/notices.h"

namespace mxpress::mta::delivery {

using queue::Instant;

bool NoticeQueue::add(proto::QueueId message, const fairness::Owner& owner, Instant now, Duration wait) {
  const auto [found, is_new] = known_.try_emplace(message.value, Known{owner, now});
  if (is_new)
    waiting_.emplace(now + wait, message.value);
  else if (found->second.is_looked_at)
    found->second.is_added_again = true;
  return is_new;
}

NoticeQueue::Look NoticeQueue::begin(std::uint64_t id) {
  Known& known = known_.at(id);
  known.is_looked_at = true;
  known.is_added_again = false;
  return {{id}, known.since, known.turn};
}

std::optional<NoticeQueue::Look> NoticeQueue::next(Instant now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const std::uint64_t id = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    if (line_.begin(id, known_.at(id).owner)) return begin(id);
  }
  const auto next = line_.next();
  return next ? std::optional(begin(next->item)) : std::nullopt;
}

void NoticeQueue::leave_until(const Look& look, Instant when) {
  Known& known = known_.at(look.message.value);
  known.turn = look.turn;
  known.is_looked_at = false;
  waiting_.emplace(when, look.message.value);
  line_.end(known.owner);
}

bool NoticeQueue::leave(const Look& look, Instant again) {
  const bool is_over = !known_.at(look.message.value).is_added_again;
  if (is_over)
    drop(look);
  else
    leave_until(look, again);
  return is_over;
}

void NoticeQueue::drop(const Look& look) {
  const auto found = known_.find(look.message.value);
  line_.end(found->second.owner);
  known_.erase(found);
}

std::optional<Instant> NoticeQueue::next_event() const { return waiting_.empty() ? std::nullopt : std::optional(waiting_.begin()->first); }

}  // namespace mxpress::mta::delivery
