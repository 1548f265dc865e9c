// Room on the disk for new mail.
#include "queue/disk_room.h"

#include <catch2/catch.hpp>

#include "queue/spool_context.h"
#include "tests/queue/operations.h"

namespace mxpress::queue {
namespace {

using For = DiskRoom::For;

constexpr std::uint64_t kMiB = 1u << 20;

struct RoomFixture {
  Duration now{1000};
  test::ForgetfulDisk disk;
  const SpoolContext context{disk, options(), {"/spool"}, 1};
  DiskRoom room{context};

  RoomFixture() { REQUIRE(disk.make_folder("/spool")); }
  SpoolOptions options() {
    auto set = options_of_parts();
    set.since_boot = [this] { return now; };
    return set;
  }
  // For small new mail.
  void set_free(std::uint64_t octets) { disk.set_room({context.options.reserve_bytes + octets, std::nullopt}); }
  std::uint64_t for_small() const { return DiskRoom::kSegmentsForSmall * context.options.segment_size; }
};

TEST_CASE("disk room: what was seen a moment ago lets in, and never refuses") {
  RoomFixture f;
  auto& [now, disk, context, room] = f;
  const auto& set = context.options;
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

TEST_CASE("disk room: what is claimed is there for nobody else until it is written or given up") {
  RoomFixture f;
  f.set_free(10 * kMiB);
  auto first = f.room.claim(8 * kMiB, For::small_message);
  REQUIRE(first);
  const auto refused = f.room.claim(3 * kMiB, For::small_message);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().is_transient());
  CHECK_FALSE(f.room.check(200 * 1024 + 2 * kMiB));
  auto second = f.room.claim(2 * kMiB, For::small_message);
  CHECK(second);  // the refused one has claimed nothing
  first->written(6 * kMiB);
  f.set_free(4 * kMiB);  // the disk counts written octets
  CHECK_FALSE(f.room.claim(1, For::small_message));
  {
    const DiskClaim ends = std::move(*first);
  }
  CHECK(f.room.claim(2 * kMiB, For::small_message));
}

TEST_CASE("disk room: large content is refused while small messages are still taken") {
  RoomFixture f;
  f.set_free(f.for_small() + kMiB);
  CHECK(f.room.claim(kMiB, For::large_content));
  CHECK_FALSE(f.room.claim(kMiB + 1, For::large_content));
  CHECK_FALSE(f.room.check(2 * kMiB));  // it will be large
  CHECK(f.room.claim(kMiB + 1, For::small_message));
  CHECK(f.room.check(kMiB / 8));
}

}  // namespace
}  // namespace mxpress::queue
