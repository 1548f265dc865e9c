// Finds the name that was probably meant.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mxpress::proto {

// Levenshtein distance: the number of letters that differ. Takes time by the product of the lengths.
std::size_t spelling_distance(std::string_view a, std::string_view b);

// The nearest of many candidates that are added one by one.
class NearMiss {
 public:
  // Only the first 64 octets count.
  explicit NearMiss(std::string_view name);
  void offer(std::string_view candidate);
  // The first of the nearest candidates; empty: none is near.
  const std::string& nearest() const { return nearest_; }

 private:
  std::string name_, nearest_;
  std::size_t least_;  // distance that is too far
};

}  // namespace mxpress::proto
