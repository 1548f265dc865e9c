// Requests for a call, and the calls that they lead to.
#include "mta/delivery/paced_call.h"

#include <catch2/catch.hpp>

using namespace mxpress;

TEST_CASE("paced call: many requests are one call, and the next one waits for its time") {
  asio::io_context io;
  int calls = 0;
  mta::delivery::PacedCall call(io, std::chrono::hours(1), [&] { ++calls; });
  for (int i = 0; i < 100; ++i) call.ask();
  io.run();
  CHECK(calls == 1);
  call.ask();
  io.restart();
  io.poll();
  CHECK(calls == 1);
  call.stop();
  io.run();
  CHECK(calls == 1);
}
