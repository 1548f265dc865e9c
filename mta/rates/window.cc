// Sliding windows.
#include "mta/rates/window.h"

namespace mxpress::mta::rates {

void Window::count(std::uint64_t number, Instant when) {
  if (number == 0) return;
  sum_ += number;
  if (entries_.empty() || when - entries_.back().begun > period_ / kParts) {
    entries_.push_back({when, when, number});
  } else {
    entries_.back().last = when;
    entries_.back().count += number;
  }
}

std::uint64_t Window::counted(Instant now) {
  while (!entries_.empty() && end_of(entries_.front()) <= now) {
    sum_ -= entries_.front().count;
    entries_.pop_front();
  }
  return sum_;
}

std::optional<Instant> Window::time_until_left(std::uint64_t number) const {
  for (const Entry& entry : entries_) {
    if (number <= entry.count) return end_of(entry);
    number -= entry.count;
  }
  return std::nullopt;
}

}  // namespace mxpress::mta::rates
