// A map from queue ids to small values, for queues of millions: ids are consecutive numbers, so neighbours share a page and need no memory
// beside their values.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "proto/queue_id.h"

namespace mxpress::queue {

// The address of a value does not change until it is erased.
template <class Value>
class IdMap {
 public:
  Value* find(proto::QueueId id) {
    const auto page = pages_.find(page_of(id));
    return page != pages_.end() && page->second.has(id) ? &page->second.value(id) : nullptr;
  }
  const Value* find(proto::QueueId id) const { return const_cast<IdMap*>(this)->find(id); }
  bool contains(proto::QueueId id) const { return find(id) != nullptr; }

  // Created if it does not exist.
  Value& operator[](proto::QueueId id) {
    Page& page = pages_[page_of(id)];
    if (!page.values) page.values = std::make_unique<Values>();
    if (!page.has(id)) ++size_;
    page.used |= bit_of(id);
    return page.value(id);
  }

  void erase(proto::QueueId id) {
    const auto page = pages_.find(page_of(id));
    if (page == pages_.end() || !page->second.has(id)) return;
    page->second.value(id) = Value{};
    page->second.used ^= bit_of(id);
    --size_;
    if (page->second.used == 0) pages_.erase(page);
  }

  // Moves all entries of `other` into this map. The two hold ids of different runs, so they share no page.
  void merge(IdMap other) {
    for (auto& [number, page] : other.pages_) pages_[number] = std::move(page);
    size_ += other.size_;
  }

  std::size_t size() const { return size_; }

  // Visits all values, in no order. `visit` must not move other values.
  template <class Visit>
  void for_each(Visit visit) {
    for (auto& [number, page] : pages_)
      for (std::uint64_t place = 0; place < kPage; ++place)
        if (const proto::QueueId id{number * kPage + place}; page.has(id)) visit(id, page.value(id));
  }
  template <class Visit>
  void for_each(Visit visit) const {
    const_cast<IdMap*>(this)->for_each([&visit](proto::QueueId id, const Value& value) { visit(id, value); });
  }

 private:
  static constexpr std::uint64_t kPage = 32;  // values; few, because one message of the page may be all that still waits
  using Values = std::array<Value, kPage>;
  struct Page {
    std::uint32_t used = 0;
    std::unique_ptr<Values> values;  // exactly the values: a size that allocators handle well
    bool has(proto::QueueId id) const { return (used & bit_of(id)) != 0; }
    Value& value(proto::QueueId id) { return (*values)[id.value % kPage]; }
  };
  static std::uint64_t page_of(proto::QueueId id) { return id.value / kPage; }
  static std::uint32_t bit_of(proto::QueueId id) { return std::uint32_t{1} << (id.value % kPage); }

  boost::unordered_flat_map<std::uint64_t, Page> pages_;
  std::size_t size_ = 0;
};

}  // namespace mxpress::queue
