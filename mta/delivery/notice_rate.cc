// Limits the number of notices per address and hour.
#include "mta/delivery/notice_rate.h"

#include <algorithm>
#include <string>

#include "mta/delivery/notices.h"
#include "mta/delivery/turns.h"
#include "proto/text_hash.h"

namespace mxpress::mta::delivery {
namespace {

constexpr Duration kBetweenSweeps = std::chrono::minutes(1);

}  // namespace

using queue::Instant;

std::size_t NoticeRate::Hash::operator()(const Key& key) const {
  return hash_value(key.owner) * std::size_t{0x9E3779B97F4A7C15} ^ static_cast<std::size_t>(key.address);
}

NoticeRate::Key NoticeRate::key_of(const fairness::Owner& owner, std::string_view address) {
  const std::size_t at = std::min(address.rfind('@'), address.size());
  const std::size_t plus = address.find('+', 1);
  std::string spelling;
  spelling.append(address.substr(0, std::min(plus, at))).append(address.substr(at));
  for (char& c : spelling)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return {owner, std::max<std::uint64_t>(1, proto::TextHash()(spelling))};
}

std::optional<Instant> NoticeRate::turn(const Key& key, Kind kind, Instant now, Instant latest) {
  if (turns_.size() >= sweep_at_) sweep(now);
  Turns& turns = entry_of(key, now).turns[static_cast<std::size_t>(kind)];
  const bool is_full = turns.size() == (kind == Kind::ended ? kEnded : kDelays);
  const Instant next = is_full ? std::max(now, turns.front() + kHour) : now;
  if (next > latest) return std::nullopt;
  if (is_full) turns.erase(turns.begin());
  turns.push_back(next);
  return next;
}

NoticeRate::Entry& NoticeRate::entry_of(const Key& key, Instant now) {
  if (const auto known = turns_.find(key); known != turns_.end()) return known->second;
  bool has_room = shares_.take(key.owner, 1);
  if (!has_room && next_sweep_ <= now) {
    sweep(now);
    has_room = shares_.take(key.owner, 1);
  }
  if (!has_room) return turns_[Key{key.owner}];  // for all addresses beyond his share
  Entry& entry = turns_[key];
  entry.is_charged = true;
  return entry;
}

// Forgets keys without a notice for an hour. The turns that enlarged the table pay for this work.
void NoticeRate::sweep(Instant now) {
  const auto is_over = [&](const Turns& turns) { return turns.empty() || turns.back() + kHour <= now; };
  std::erase_if(turns_, [&](const auto& known) {
    const Entry& entry = known.second;
    if (!is_over(entry.turns[0]) || !is_over(entry.turns[1])) return false;
    if (entry.is_charged) shares_.give_back(known.first.owner, 1);
    return true;
  });
  sweep_at_ = std::max<std::size_t>(64, 2 * turns_.size());
  next_sweep_ = now + kBetweenSweeps;
}

}  // namespace mxpress::mta::delivery
