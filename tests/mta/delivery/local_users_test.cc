// Mail for users of this host in virtual time, while mxpress-deliver does not run.
#include <catch2/catch.hpp>

#include "mta/transport/local_mailbox.h"
#include "tests/support/simulation.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::testing;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_CASE("simulation: each user of this host backs off alone, and a reload takes waiting mail another way") {
  const test::TempFolder folder;
  const std::string spool = "spool.directory = \"" + folder.path().string() + "\"\n";
  const std::string socket = "local.deliver_socket = \"" + (folder.path() / "no.sock").string() + "\"\n";
  Simulation world(spool + socket + "local.deliver = \"mbox\"\n");
  const auto id = world.submit("me@here.example", {"bob@mail.here.example", "Alice+x@mail.here.example", "alice@mail.here.example"});
  world.run_for(seconds(5));
  CHECK_THAT(world.load(id).recipients[0].last->text, Catch::Contains("systemctl status mxpress-deliver.socket"));
  const auto rows = world.status();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].destination == "local:alice");
  CHECK(rows[1].destination == "local:bob");
  for (const auto& row : rows) CHECK(row.next_try > world.time.wall());
  world.reload(spool + socket + "local.deliver = \"keep\"\n");
  world.run_for(minutes(5));
  CHECK(world.queued() == 0);
  CHECK(mta::transport::mailbox_use(folder.path() / "mailbox").messages == 1);
  CHECK(world.connections().empty());
}
