// All budgets together.
#include "mta/app/memory_sum.h"

#include <catch2/catch.hpp>

using mxpress::mta::memory_beside_waiting_mail;
using mxpress::mta::memory_of_waiting_mail;

namespace {

constexpr std::uint64_t kMiB = 1u << 20;

}  // namespace

TEST_CASE("memory sum: with every budget used up the daemon lives in 512 MiB, and some is left for mail that waits") {
  const std::uint64_t waiting = memory_of_waiting_mail(512 * kMiB, 2);
  CHECK(waiting >= 47 * kMiB);
  CHECK(memory_beside_waiting_mail(2) + waiting + waiting / 4 <= 512 * kMiB);
}

TEST_CASE("memory sum: mail that waits has what the others leave, half of the memory at most, and 16 MiB at least") {
  for (const std::uint64_t limit : {560 * kMiB, 600 * kMiB, 1000 * kMiB}) {
    for (const std::size_t workers : {1, 2, 8}) {
      const std::uint64_t waiting = memory_of_waiting_mail(limit, workers);
      CHECK(memory_beside_waiting_mail(workers) + waiting + waiting / 4 <= limit);
      CHECK(waiting <= limit / 2);
    }
  }
  CHECK(memory_of_waiting_mail(24'000 * kMiB, 2) == 12'000 * kMiB);
  CHECK(memory_of_waiting_mail(200 * kMiB, 2) == 16 * kMiB);
  CHECK(memory_of_waiting_mail(20 * kMiB, 2) == 16 * kMiB);
}
