// Cuts the power at the operations of the scripted day, and of the recoveries after it; makes any call fail; compares with the promises.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/torture/life.h"

namespace mxpress::torture {

struct Plan {
  std::uint64_t seed = 1;    // of what a cut leaves, and of all that is sampled
  std::uint64_t stride = 1;  // only every so-maniest operation of the day is cut, or call failed
  std::uint64_t again = 8;   // a second cut at every so-maniest operation of a recovery; 1: at each
  unsigned kept = 2;         // subsets of the writes tried at each operation
  std::function<bool(test::ForgetfulDisk::Call call, const std::string& path)> skips{};  // syncs left out; empty: none
  std::uint64_t most_failures = 1000;                                                    // then nothing more is tried
  std::string only{};  // a place as in Failure, to see it again; empty: everywhere
};

struct Failure {
  std::string place;
  std::vector<std::string> what;
  std::vector<std::string> reports;  // of the spool, on the way
};

struct Tally {
  std::uint64_t cuts = 0, faults = 0;
  std::uint64_t operations = 0, calls = 0;  // of the day
  std::vector<Failure> failures;            // the first of each place
};

class Explorer {
 public:
  explicit Explorer(Plan plan) : plan_(std::move(plan)) {}

  // Every operation of the day is cut in every way.
  void cut_everywhere();
  // Every call of the day fails, once, once and again a few calls later, three times, or until the next start; the day goes on, and is cut.
  void fail_everywhere();
  const Tally& tally() const { return tally_; }

 private:
  using Cut = test::Cut;
  struct Fault {
    test::ForgetfulDisk::Fault kind = test::ForgetfulDisk::Fault::io;
    std::uint64_t first = 0, end = 0;
    std::uint64_t again = 0;  // so many calls later one more fails; 0: none
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
