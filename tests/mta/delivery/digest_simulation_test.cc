// Failures of root's mail, in virtual time: ten notices, then digests.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

// there.example accepts nothing, and root reads mail at here.example.
struct World : Simulation {
  SimulatedHost there, here;

  World() : Simulation("[local]\naliases = { root = \"admin@here.example\" }\n") {
    dns->mx("there.example", 10, "mx.there.example").a("mx.there.example", "192.0.2.1");
    dns->mx("here.example", 10, "mx.here.example").a("mx.here.example", "192.0.2.2");
    there.rcpt = [](const std::string&) { return "550 5.1.1 no such user"; };
    host("192.0.2.1:25", there);
    host("192.0.2.2:25", here);
  }
  void fail(int count, const std::string& sender = "root@mail.here.example") {
    for (int i = 0; i < count; ++i) submit(sender, {"you" + std::to_string(i) + "@there.example"});
  }
  std::size_t digests() const {
    return static_cast<std::size_t>(std::count_if(here.received.begin(), here.received.end(), [](const SimulatedMail& mail) {
      return mail.content.find("Subject: Undelivered mail: ") != std::string::npos &&
             mail.content.find("failures.txt") != std::string::npos;
    }));
  }
};

}  // namespace

TEST_CASE("digest: of thirty failures of root's mail ten come alone, and the others in one message when the hour is over") {
  World world;
  world.fail(30);
  world.run_for(minutes(50));
  CHECK(world.here.received.size() == 10);
  CHECK(world.queued() == 20);
  world.run_for(minutes(15));
  CHECK(world.here.received.size() == 11);
  CHECK(world.digests() == 1);
  CHECK(world.here.received.back().content.find("20 recipients of 20 messages") != std::string::npos);
  CHECK(world.queued() == 0);
}

TEST_CASE("digest: while failures go on there is one in an hour") {
  World world;
  for (int hour = 0; hour < 5; ++hour) {
    world.fail(30);
    world.run_for(hours(1));
  }
  world.run_for(hours(2));
  CHECK(world.digests() == 5);
  CHECK(world.here.received.size() == 15);
  CHECK(world.queued() == 0);
}

TEST_CASE("digest: what waits for it is told after a crash") {
  World world;
  world.fail(30);
  world.run_for(minutes(5));
  world.crash();
  world.run_for(hours(3));
  CHECK(world.queued() == 0);
  CHECK(world.digests() == 1);
  CHECK(world.here.received.back().content.find("10 recipients of 10 messages") != std::string::npos);
}

TEST_CASE("digest: it names the subject of each message, as its author wrote it") {
  World world;
  world.text = "Subject: =?utf-8?q?Sicherung_f=C3=BCr_?= =?UTF-8?B?TcOkcno=?= \xE2\x82\xAC\r\n\r\nhello\r\n";
  world.fail(11);
  world.run_for(minutes(70));
  REQUIRE(world.digests() == 1);
  CHECK_THAT(world.here.received.back().content, Catch::Contains("    subject: Sicherung f=C3=BCr M=C3=A4rz =E2=82=AC\r\n"));
}

TEST_CASE("digest: failures of other senders' mail come alone") {
  World world;
  world.fail(30, "bob@here.example");
  world.run_for(minutes(5));
  CHECK(world.here.received.size() == 30);
  CHECK(world.digests() == 0);
}

TEST_CASE("digest: whoever names root as the sender of mail that fails delays none of root's own notices") {
  World world;
  world.submitter = 666;
  world.fail(30);
  world.run_for(minutes(5));
  CHECK(world.here.received.size() == 10);
  world.submitter = 0;
  world.fail(3);
  world.run_for(minutes(5));
  CHECK(world.here.received.size() == 13);
  world.run_for(hours(1));
  CHECK(world.digests() == 1);
  CHECK(world.here.received.back().content.find("20 recipients of 20 messages") != std::string::npos);
}
