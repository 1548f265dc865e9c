// Random numbers that are the same for the same seed, on every machine.
#pragma once

#include <cstdint>

namespace mxpress::sim {

// One number from two, without order in the result.
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b = 0) {
  std::uint64_t x = a * 0x9E3779B97F4A7C15u + b + 0x632BE59BD9B4E019u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(mix(seed)) {}
  std::uint64_t next() { return state_ = mix(state_, ++count_); }
  std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : next() % n; }
  // Both ends included.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  bool permille(unsigned p) { return below(1000) < p; }

 private:
  std::uint64_t state_;
  std::uint64_t count_ = 0;
};

}  // namespace mxpress::sim
