// A log that nobody reads: intake waits, and goes on when it is read.
#include "mta/host/log_wait.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <optional>
#include <thread>

#include "tests/support/server_house.h"
#include "tests/support/stderr_pipe.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using namespace mxpress::mta;
using namespace std::chrono_literals;
using testing::StderrPipe;

namespace {

// Lines about messages, until the log says that it is behind.
void fall_behind() {
  for (int i = 0; log_pressure() == LogPressure::none && i < 100'000; ++i) {
    log(LogLine(Priority::info, proto::QueueId{1}, "attempt").add("reply", std::string(900, 'x')));
  }
}

std::optional<bool> wait_on(asio::io_context& io, std::optional<bool>& result) {
  asio::co_spawn(io.get_executor(), wait_for_log(), [&result](std::exception_ptr, bool room) { result = room; });
  return result;
}

}  // namespace

TEST_CASE("log wait: whoever waits for a log that nobody reads is told so after ten seconds, and blocks nobody") {
  testing::drop_waiting_lines();
  testing::VirtualTime time;
  StderrPipe pipe;
  start_log(LogTarget::standard_error);
  fall_behind();
  REQUIRE(log_pressure() == LogPressure::slow);
  asio::io_context io;
  std::optional<bool> result;
  wait_on(io, result);
  time.run_for(io, 9s);
  CHECK_FALSE(result);
  time.run_for(io, 2s);
  CHECK(result == std::optional(false));
  stop_log();
}

TEST_CASE("log wait: intake stores no message while the log is behind, and goes on when it is read") {
  testing::drop_waiting_lines();
  testing::IntakeHouse house;
  StderrPipe pipe;
  start_log(LogTarget::standard_error);
  fall_behind();
  REQUIRE(log_pressure() == LogPressure::slow);
  const int client = house.connect_tcp(), other = house.connect_tcp();
  testing::write_everything(client, "HELO c.example\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<b@there.example>\r\nDATA\r\n");
  REQUIRE(testing::read_until(client, "354 ").find("354 ") != std::string::npos);
  testing::write_everything(client, "x\r\n.\r\n");
  for (int i = 0; i < 20; ++i) {  // the worker serves others meanwhile
    testing::write_everything(other, "NOOP\r\n");
    REQUIRE(testing::read_until(other, "250 2.0.0").find("250 2.0.0") != std::string::npos);
  }
  CHECK(house.spool.kept().empty());
  std::thread reader([&] { pipe.read_until(" accepted "); });
  CHECK(testing::read_until(client, "250 2.0.0 Ok: queued").find("250 2.0.0 Ok: queued") != std::string::npos);
  reader.join();
  CHECK(house.spool.kept().size() == 1);
  house.close();
  stop_log();
  ::close(client);
  ::close(other);
}
