// Queue ids that come nearly in order, as a journal has them: neighbours share 16 octets.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "proto/queue_id.h"
#include "queue/slab.h"

namespace mxpress::queue {

class IdSet {
 public:
  void add(proto::QueueId id) {
    const std::uint64_t bit = std::uint64_t{1} << (id.value % kPage);
    const std::size_t first = pages_.size() > kLookedAt ? pages_.size() - kLookedAt : 0;
    for (std::size_t place = pages_.size(); place > first; --place) {
      if (pages_[place - 1].number != id.value / kPage) continue;
      pages_[place - 1].ids |= bit;
      return;
    }
    pages_.push_back({id.value / kPage, bit});
  }

  // In no order; may repeat ids.
  std::vector<proto::QueueId> ids() const {
    std::vector<proto::QueueId> ids;
    for (std::size_t place = 0; place < pages_.size(); ++place)
      for (std::uint64_t left = pages_[place].ids; left != 0; left &= left - 1)
        ids.push_back({pages_[place].number * kPage + static_cast<std::uint64_t>(std::countr_zero(left))});
    return ids;
  }

 private:
  static constexpr std::uint64_t kPage = 64;   // ids
  static constexpr std::size_t kLookedAt = 4;  // the latest pages: threads that store at the same time have ids that close together
  struct Page {
    std::uint64_t number = 0;
    std::uint64_t ids = 0;  // a bit each
  };
  Slab<Page, 64> pages_;
};

}  // namespace mxpress::queue
