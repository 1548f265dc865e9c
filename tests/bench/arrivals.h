// The messages that a sink got: each (message, recipient) once, or not.
#pragma once
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "tests/bench/load.h"

namespace mxpress::bench {

class Arrivals {
 public:
  explicit Arrivals(std::size_t tell) : tell_(tell) {}

  // `header` includes its empty line; `body` is the length of the rest.
  void add(std::string_view header, std::size_t body, const std::vector<std::string>& recipients);
  [[nodiscard]] std::string report();

 private:
  bool knows_domain_of(const std::vector<std::string>& recipients);
  void count(std::string_view id, std::string_view recipient);

  std::size_t tell_, damaged_ = 0, signatures_ = 0, transactions_ = 0;
  std::vector<std::size_t> keys_;            // of message and recipient
  std::unordered_set<std::size_t> domains_;  // hashes of domains with a message so far
  std::vector<Nanoseconds> waits_;
  std::vector<Nanoseconds> warm_waits_;  // without the first message to each domain
  Nanoseconds first_ = 0, last_ = 0;
};

}  // namespace mxpress::bench
