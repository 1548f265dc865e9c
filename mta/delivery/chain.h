// A queue of indices whose links lie in the elements themselves: each element is in it at most once.
#pragma once

#include <cstdint>

#include "queue/indices.h"

namespace mxpress::mta::delivery {

// `link(index)` gives the place in an element for the next index; always the same for one chain.
class Chain {
 public:
  static constexpr std::uint32_t kEnd = queue::kNone;

  bool empty() const { return first_ == kEnd; }
  std::uint32_t front() const { return first_; }

  template <class Link>
  void push_back(std::uint32_t index, Link link) {
    link(index) = kEnd;
    (empty() ? first_ : link(last_)) = index;
    last_ = index;
  }
  template <class Link>
  void pop_front(Link link) {
    first_ = link(first_);
  }
  // Removes it if it is there.
  template <class Link>
  void erase(std::uint32_t index, Link link) {
    std::uint32_t before = kEnd, at = first_;
    for (; at != index && at != kEnd; at = link(at)) before = at;
    if (at == kEnd) return;
    (before == kEnd ? first_ : link(before)) = link(index);
    if (last_ == index) last_ = before;
  }

 private:
  std::uint32_t first_ = kEnd, last_ = kEnd;
};

}  // namespace mxpress::mta::delivery
