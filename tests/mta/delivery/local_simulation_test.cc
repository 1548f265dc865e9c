// Mail for the host's own mailbox, in virtual time.
#include <catch2/catch.hpp>

#include "tests/support/simulation.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::testing;

TEST_CASE("local: messages that come together all get to the mailbox") {
  const test::TempFolder folder;
  Simulation world("spool.directory = \"" + folder.path().string() + "\"\nlocal_domains = [\"here.example\"]\n");
  for (int i = 0; i < 30; ++i) world.submit("me@here.example", {"root@here.example"});
  CHECK(world.run_until([&] { return world.queued() == 0; }, std::chrono::minutes(1)));
}
