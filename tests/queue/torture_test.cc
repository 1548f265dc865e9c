// Power fails at every operation of the scripted day and every call of it fails, in the ways of one seed. scripts/torture has the
// others.
#include <catch2/catch.hpp>

#include "tests/torture/explorer.h"
#include "tests/torture/left_out.h"

namespace mxpress::torture {
namespace {

// In a slow build only a part of the operations.
#if defined(__OPTIMIZE__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
constexpr std::uint64_t kStride = 1;
#else
constexpr std::uint64_t kStride = 9;
#endif

void check(const Tally& tally) {
  std::string first;
  for (std::size_t i = 0; i < std::min<std::size_t>(tally.failures.size(), 10); ++i)
    first += tally.failures[i].place + ": " + tally.failures[i].what.front() + "\n";
  INFO(tally.cuts << " cuts, " << tally.failures.size() << " failures, the first:\n" << first);
  CHECK(tally.failures.empty());
}

TEST_CASE("torture: a power loss at any operation of the day, and again of the recovery, leaves exactly what was promised") {
  Explorer explorer({.seed = 1, .stride = kStride, .again = 40});
  explorer.cut_everywhere();
  check(explorer.tally());
  CHECK(explorer.tally().operations > 400);
  CHECK(explorer.tally().cuts > 10'000 / kStride);
}

TEST_CASE("torture: an error of any call of the day, then a power loss, leaves exactly what was promised") {
  Explorer explorer({.seed = 1, .stride = 3 * kStride, .again = 100});
  explorer.fail_everywhere();
  check(explorer.tally());
  CHECK(explorer.tally().faults > 1'000 / kStride);
}

// A test of the tests.
TEST_CASE("torture: whichever sync of the spool is left out, a power loss shows it") {
  for (const auto& sync : syncs()) {
    INFO(sync.what);
    CHECK(find_left_out(sync, 1).what != "");
  }
}

}  // namespace
}  // namespace mxpress::torture
