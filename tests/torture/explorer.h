// Cuts power at the operations of the scripted day, and of the recoveries after it; makes any call fail; compares with the guarantees.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/torture/life.h"

namespace mxpress::torture {

struct Plan {
  std::uint64_t seed = 1;    // for the result of a cut, and for all samples
  std::uint64_t stride = 1;  // only every Nth operation of the day is cut, or call failed
  std::uint64_t again = 8;   // a second cut at every Nth operation of a recovery; 1: at each
  unsigned kept = 2;         // subsets of the writes tried at each operation
  std::function<bool(test::ForgetfulDisk::Call call, const std::string& path)> skips{};  // syncs left out; empty: none
  std::uint64_t most_failures = 1000;                                                    // then it stops
  std::string only{};  // a place as in Failure, to repeat it; empty: everywhere
};

struct Failure {
  std::string place;
  std::vector<std::string> what;
  std::vector<std::string> reports;  // of the spool, in order
};

struct Tally {
  std::uint64_t cuts = 0, faults = 0;
  std::uint64_t operations = 0, calls = 0;  // of the day
  std::vector<Failure> failures;            // the first one at each place
};

class Explorer {
 public:
  explicit Explorer(Plan plan) : plan_(std::move(plan)) {}

  // Cuts every operation of the day in every way.
  void cut_everywhere();
  // Makes every call of the day fail: once, once and again a few calls later, three times, or until the next start; then cuts the rest.
  void fail_everywhere();
  const Tally& tally() const { return tally_; }

 private:
  using Cut = test::Cut;
  struct Fault {
    test::ForgetfulDisk::Fault kind = test::ForgetfulDisk::Fault::io;
    std::uint64_t first = 0, end = 0;
    std::uint64_t again = 0;  // another failure this many calls later; 0: none
  };
  using Look = std::function<void(const test::ForgetfulDisk& disk, const Promises& promises, std::uint64_t operation)>;

  void live(test::ForgetfulDisk& disk, const std::string& place, const Look& look);
  void cut(const test::ForgetfulDisk& disk, const Promises& promises, Cut how, std::uint64_t seed, const std::string& place, int depth);
  void revive(test::ForgetfulDisk& disk, Promises promises, const std::string& place, int depth);
  void fail(const Fault& fault);
  bool is_wanted(const std::string& place) const;
  std::uint64_t chance(const std::string& place, std::uint64_t number) const;
  void broken(const std::string& place, std::vector<std::string> what, const Life& life);

  Plan plan_;
  Tally tally_;
};

}  // namespace mxpress::torture
