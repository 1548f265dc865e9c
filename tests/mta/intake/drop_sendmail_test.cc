// Mail that sendmail leaves in the drop folder while no daemon listens.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <string>

#include "mta/intake/drop_folder.h"
#include "mta/intake/submit.h"
#include "tests/support/server_house.h"

namespace fs = boost::filesystem;
using mxpress::testing::IntakeHouse;

TEST_CASE("drop folder: without the daemon sendmail leaves a message that the daemon then takes in") {
  IntakeHouse house;
  house.close();
  const auto result = house.sendmail({"-N", "never", "-V", "a+b", "you@there.example", "local"}, "Subject: hi\n\ntext\n.\nmore\n.\n\n");
  CHECK(result.errors == "");
  REQUIRE(result.code == 0);
  REQUIRE(std::distance(fs::directory_iterator(house.base.drop_directory()), fs::directory_iterator()) == 1);
  const fs::path file = fs::directory_iterator(house.base.drop_directory())->path();
  struct stat facts{};
  REQUIRE(::stat(file.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 07777) == 0640);
  mxpress::mta::intake::Context context{
      *house.config, house.spool, house.events.hub(),
      [&house](mxpress::queue::QueueId id, const mxpress::proto::Envelope& envelope) { house.deliverer.admit(id, envelope); }};
  mxpress::mta::intake::DropFolder(context).scan();
  const auto kept = house.spool.kept();
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].message.drop_name.starts_with(file.filename().string()));
  CHECK(kept[0].message.envelope.recipients[0].notify.never());
  CHECK(kept[0].message.envelope.recipients[1].mailbox.to_string() == "local@mx.example");
  CHECK(kept[0].message.envelope.envid == "a+2Bb");
  CHECK(kept[0].content.ends_with("Subject: hi\r\n\r\ntext\r\n.\r\nmore\r\n"));
}
