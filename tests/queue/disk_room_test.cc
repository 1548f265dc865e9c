// Room on the disk for new mail.
#include "queue/disk_room.h"

#include <catch2/catch.hpp>

#include "queue/spool_context.h"
#include "tests/queue/operations.h"

namespace mxpress::queue {
namespace {

TEST_CASE("disk room: what was seen a moment ago lets in, and never refuses") {
  test::ForgetfulDisk disk;
  auto set = options_of_parts();
  Duration now(1000);
  set.since_boot = [&now] { return now; };
  const SpoolContext context{disk, set, {"/spool"}, 1};
  REQUIRE(disk.make_folder("/spool"));
  DiskRoom room(context);
  disk.set_room({1u << 30, std::nullopt});
  CHECK(room.check(1));
  disk.set_room({0, std::nullopt});
  CHECK(room.check(1));
  now += set.room_stays_known;
  CHECK_FALSE(room.check(1));
  disk.set_room({1u << 30, std::nullopt});
  CHECK(room.check(1));
  CHECK(room.last_seen()->bytes == 1u << 30);
}

}  // namespace
}  // namespace mxpress::queue
