// How many notices an address gets in an hour.
#include "mta/delivery/notice_rate.h"

#include <algorithm>

namespace mxpress::mta::delivery {

using queue::Instant;

std::optional<Instant> NoticeRate::turn(const std::string& address, Kind kind, Instant now, Instant latest) {
  if (turns_.size() >= sweep_at_) sweep(now);
  Turns& turns = turns_[address][static_cast<std::size_t>(kind)];
  const bool is_full = turns.size() == (kind == Kind::ended ? kEnded : kDelays);
  const Instant next = is_full ? std::max(now, turns.front() + kHour) : now;
  if (next > latest) return std::nullopt;
  if (is_full) turns.erase(turns.begin());
  turns.push_back(next);
  return next;
}

// Forgets who had no notice for an hour. Each look at an address is paid for by the turn that has made the table larger.
void NoticeRate::sweep(Instant now) {
  const auto is_over = [&](const Turns& turns) { return turns.empty() || turns.back() + kHour <= now; };
  std::erase_if(turns_, [&](const auto& entry) { return is_over(entry.second[0]) && is_over(entry.second[1]); });
  sweep_at_ = std::max<std::size_t>(64, 2 * turns_.size());
}

}  // namespace mxpress::mta::delivery
