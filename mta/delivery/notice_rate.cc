// How many notices an address gets in an hour.
#include "mta/delivery/notice_rate.h"

#include <algorithm>

namespace mxpress::mta::delivery {

using queue::Instant;

std::string NoticeRate::key_of(const host::Owner& owner, std::string_view address) {
  const std::size_t at = std::min(address.rfind('@'), address.size());
  const std::size_t plus = address.find('+', 1);
  std::string key = owner.to_string() + " ";
  key.append(address.substr(0, std::min(plus, at))).append(address.substr(at));
  for (char& c : key)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return key;
}

std::optional<Instant> NoticeRate::turn(const std::string& key, Kind kind, Instant now, Instant latest) {
  if (turns_.size() >= sweep_at_) sweep(now);
  Turns& turns = turns_[key][static_cast<std::size_t>(kind)];
  const bool is_full = turns.size() == (kind == Kind::ended ? kEnded : kDelays);
  const Instant next = is_full ? std::max(now, turns.front() + kHour) : now;
  if (next > latest) return std::nullopt;
  if (is_full) turns.erase(turns.begin());
  turns.push_back(next);
  return next;
}

// Forgets who had no notice for an hour. Each look at a key is paid for by the turn that has made the table larger.
void NoticeRate::sweep(Instant now) {
  const auto is_over = [&](const Turns& turns) { return turns.empty() || turns.back() + kHour <= now; };
  std::erase_if(turns_, [&](const auto& entry) { return is_over(entry.second[0]) && is_over(entry.second[1]); });
  sweep_at_ = std::max<std::size_t>(64, 2 * turns_.size());
}

}  // namespace mxpress::mta::delivery
