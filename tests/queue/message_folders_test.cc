// The folders of message files.
#include "queue/message_folders.h"

#include <catch2/catch.hpp>

#include "queue/segment_hold.h"
#include "queue/spool_context.h"
#include "tests/queue/operations.h"

namespace mxpress::queue {
namespace {

constexpr QueueId kId{(std::uint64_t{1} << 40) | 1};

TEST_CASE("message folders: one that cannot be synced keeps the journal whole") {
  test::ForgetfulDisk disk;
  const SpoolContext context{disk, options_of_parts(), {"/spool"}, 1};
  for (const char* folder : {"/spool", "/spool/messages"}) REQUIRE(disk.make_folder(folder));
  SegmentHold hold;
  MessageFolders folders(context, hold);
  REQUIRE(folders.make(kId));
  const auto before = disk.operations();
  REQUIRE(folders.make(kId));
  CHECK(disk.operations() == before);
  folders.note_change(context.paths.folder(kId));
  CHECK(folders.sync());
  CHECK_FALSE(hold.is_set());
  folders.note_change(context.paths.folder(kId));
  disk.fail_after(1, "broken");
  CHECK_FALSE(folders.sync());
  CHECK(hold.is_set());
}

}  // namespace
}  // namespace mxpress::queue
