// Mail that cannot be sent unchanged: the result that arrives, and the log. In virtual time.
#include <catch2/catch.hpp>

#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;

namespace {

struct World : Simulation {
  SimulatedHost there;

  World() {
    dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
    host("192.0.2.1:25", there);
  }

  std::size_t log_lines_with(const std::string& word) const {
    return static_cast<std::size_t>(
        std::count_if(log.begin(), log.end(), [&](const std::string& line) { return line.find(word) != std::string::npos; }));
  }
};

}  // namespace

TEST_CASE("conversion: a header line that cannot be folded is delivered in pieces, and the log names message and host") {
  World world;
  world.text = "X-Token: " + std::string(1500, 'x') + "\r\n\r\nhello\r\n";
  const auto id = world.submit("me@here.example", {"you@there.example"});
  world.run_for(std::chrono::seconds(5));
  REQUIRE(world.there.received.size() == 1);
  CHECK(world.there.received[0].content ==
        "From: me@here.example\r\nX-Token: " + std::string(989, 'x') + "\r\n " + std::string(511, 'x') + "\r\n\r\nhello\r\n");
  CHECK(world.queued() == 0);
  REQUIRE(world.log_lines_with("header_broken") == 1);
  CHECK(world.log_lines_with(id.to_string() + " header_broken host=mx.there.example") == 1);
}

TEST_CASE("conversion: of a header line that can be folded, and of an encoded-word, the log says nothing") {
  World world;
  world.text = "X: " + std::string(600, 'x') + " " + std::string(600, 'y') + "\r\nSubject: =?utf-8?B?" + std::string(1200, 'A') +
               "?=\r\n\r\nhello\r\n";
  world.submit("me@here.example", {"you@there.example"});
  world.run_for(std::chrono::seconds(5));
  REQUIRE(world.there.received.size() == 1);
  CHECK(world.log_lines_with("header_broken") == 0);
}
