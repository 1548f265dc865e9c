// A log that is not read: intake waits, and continues when it is read.
#include "mta/system/log_wait.h"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <optional>
#include <thread>

#include "mta/system/log_queue.h"
#include "tests/support/server_house.h"
#include "tests/support/stderr_pipe.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using namespace mxpress::mta;
using namespace std::chrono_literals;
using testing::StderrPipe;

namespace {

constexpr std::uint64_t kMuch = 10u << 20;  // octets, more than a share

fairness::Owner myself() { return fairness::Owner::user(::geteuid()); }
fairness::Owner somebody_else() { return fairness::Owner::user(::geteuid() + 1); }

using Room = std::optional<LogRoom::Hold>;

void wait_on(asio::io_context& io, const fairness::Owner& owner, std::optional<bool>& result) {
  asio::co_spawn(io.get_executor(), wait_for_log(log_rooms().accepted, owner, 500),
                 [&result](std::exception_ptr, const Room& room) { result = room.has_value(); });
}

// A message over the socket of local users, up to its end.
int hand_in(testing::IntakeHouse& house) {
  const int client = house.connect_unix();
  testing::write_everything(client, "HELO c.example\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<b@there.example>\r\nDATA\r\n");
  REQUIRE(testing::read_until(client, "354 ").find("354 ") != std::string::npos);
  testing::write_everything(client, "x\r\n.\r\n");
  return client;
}

bool is_taken(int client) { return testing::read_until(client, "250 2.0.0 Ok: queued").find("250 2.0.0 Ok: queued") != std::string::npos; }

}  // namespace

TEST_CASE("log wait: whose lines wait is told so after ten seconds, somebody else has room at once") {
  testing::VirtualTime time;
  const auto backlog = log_rooms().accepted.charge(myself(), kMuch);
  asio::io_context io;
  std::optional<bool> mine, other;
  wait_on(io, myself(), mine);
  wait_on(io, somebody_else(), other);
  time.run_for(io, 9s);
  CHECK_FALSE(mine);
  CHECK(other == std::optional(true));
  time.run_for(io, 2s);
  CHECK(mine == std::optional(false));
}

TEST_CASE("log wait: intake stores no message of a user whose lines wait, and goes on when they are written") {
  testing::IntakeHouse house;
  auto backlog = log_rooms().accepted.charge(myself(), kMuch);
  const int client = hand_in(house), other = house.connect_tcp();
  for (int i = 0; i < 20; ++i) {  // the worker serves others meanwhile
    testing::write_everything(other, "NOOP\r\n");
    REQUIRE(testing::read_until(other, "250 2.0.0").find("250 2.0.0") != std::string::npos);
  }
  CHECK(house.spool.kept().empty());
  backlog.release();
  CHECK(is_taken(client));
  CHECK(house.spool.kept().size() == 1);
  house.close();
  ::close(client);
  ::close(other);
}

TEST_CASE("log wait: intake takes mail at once while only another user's lines wait") {
  testing::IntakeHouse house;
  const auto backlog = log_rooms().accepted.charge(somebody_else(), kMuch);
  const auto outcomes = log_rooms().outcomes.charge(somebody_else(), 2 * kMuch);
  const int client = hand_in(house);
  CHECK(is_taken(client));
  house.close();
  ::close(client);
}

TEST_CASE("log wait: lines hold their room while the log is not read, and are written without loss when it is") {
  testing::drop_waiting_lines();
  StderrPipe pipe;
  start_log(LogTarget::standard_error);
  LogRoom& room = log_rooms().outcomes;
  int count = 0;
  for (; room.has_room(myself()); ++count) {
    auto hold = room.charge(myself(), 100 * octets_of_entry(1000));
    for (int i = 0; i < 100; ++i) {
      LogLine line(Priority::info, proto::QueueId{1}, "attempt");
      log(line.add("n", count).add("reply", std::string(900, 'x')), i < 99 ? LogRoom::Hold() : std::move(hold));
    }
  }
  CHECK(room.held_by(myself()) >= (7u << 20));
  CHECK(log_backlog().waiting >= (7u << 20));
  CHECK(room.has_room(somebody_else(), 8u << 20));
  log(LogLine(Priority::info, proto::QueueId{1}, "the-end"));
  const std::string text = pipe.read_until(" the-end\n");
  std::size_t found = 0;
  for (auto at = text.find(" attempt "); at != text.npos; at = text.find(" attempt ", at + 1)) ++found;
  CHECK(found == static_cast<std::size_t>(count) * 100);
  stop_log();
  CHECK(room.held() == 0);
}
