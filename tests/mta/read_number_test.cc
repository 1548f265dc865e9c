// Which read a job may use.
#include "mta/delivery/read_number.h"

#include <catch2/catch.hpp>

namespace mxpress::mta::delivery {
namespace {

TEST_CASE("read number: a read that is not newer than a job's news never counts as newer, however the octet wraps") {
  for (ReadNumber latest = 1; latest < 1000; ++latest)
    for (ReadNumber read = 1; read <= latest; ++read)
      for (ReadNumber seen = read; seen <= latest; ++seen)
        if (is_after(read, static_cast<SeenRead>(seen), latest)) FAIL(latest << " " << read << " " << seen);
}

TEST_CASE("read number: one of the last hundred reads is known to be newer than news a few reads before") {
  for (const ReadNumber latest : {100u, 127u, 128u, 255u, 256u, 257u, 511u, 100'000u})
    for (ReadNumber read = latest - 90; read <= latest; ++read) {
      CHECK(is_after(read, static_cast<SeenRead>(read - 1), latest));
      CHECK(is_after(read, static_cast<SeenRead>(read - 9), latest));
    }
  CHECK_FALSE(is_after(100, 99, 228));  // too long ago to tell
}

}  // namespace
}  // namespace mxpress::mta::delivery
