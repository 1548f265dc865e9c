// Notices whose turn comes later: an id and a moment each, because there may be hundreds of thousands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proto/queue_id.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {

// Thread: one.
class PostponedNotices {
 public:
  // The message keeps its turn until it is taken. True: it was not known yet.
  bool add(proto::QueueId message, queue::Instant turn) {
    const bool is_new = turns_.emplace(message.value, turn).second;
    if (is_new) waiting_.emplace(turn, message.value);
    return is_new;
  }
  // When the turn of a message is, if it is known.
  std::optional<queue::Instant> turn_of(proto::QueueId message) const {
    const auto found = turns_.find(message.value);
    return found == turns_.end() ? std::nullopt : std::optional(found->second);
  }
  // The turn is used.
  void forget(proto::QueueId message) {
    const auto found = turns_.find(message.value);
    if (found == turns_.end()) return;
    waiting_.erase({found->second, message.value});
    turns_.erase(found);
  }
  std::optional<queue::Instant> next() const { return waiting_.empty() ? std::nullopt : std::optional(waiting_.begin()->first); }
  // Those whose turn has come, each once; they keep it.
  std::vector<proto::QueueId> due(queue::Instant now) {
    std::vector<proto::QueueId> result;
    for (; !waiting_.empty() && waiting_.begin()->first <= now; waiting_.erase(waiting_.begin()))
      result.push_back({waiting_.begin()->second});
    return result;
  }
  std::size_t size() const { return turns_.size(); }

 private:
  std::unordered_map<std::uint64_t, queue::Instant> turns_;
  std::set<std::pair<queue::Instant, std::uint64_t>> waiting_;  // a part of them
};

}  // namespace mxpress::mta::delivery
