// The timer of a stream.
#include "mta/net/stream_watchdog.h"

#include <catch2/catch.hpp>

#include "tests/support/virtual_time.h"

using namespace mxpress;
using mta::net::StreamWatchdog;

TEST_CASE("watchdog: an operation that goes on although it was cancelled is cancelled again") {
  testing::VirtualTime time;
  asio::io_context io(1);
  int cancelled = 0;
  StreamWatchdog watchdog(io.get_executor(), [&] { ++cancelled; });
  watchdog.set_deadline(BootClock::now() + std::chrono::seconds(10));
  {
    const StreamWatchdog::Guard operation(watchdog);
    time.run_for(io, std::chrono::seconds(9));
    CHECK(cancelled == 0);
    time.run_for(io, std::chrono::seconds(5));
    CHECK(cancelled > 1);
  }
  const int before = cancelled;
  time.run_for(io, std::chrono::seconds(60));
  CHECK(cancelled == before);
}
