// Message files that are written in groups when the oldest segment goes.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "queue/message_file.h"
#include "tests/queue/spool_fixture.h"

namespace mxpress::queue {
namespace {

constexpr std::size_t kMessages = 40;  // more than two groups

// Messages in the oldest segment, which the next checkpoint moves out.
struct Waiting : SpoolFixture {
  std::set<QueueId> ids;

  Waiting() {
    REQUIRE(open());
    for (std::size_t i = 0; i < kMessages; ++i) ids.insert(store(new_message({"b@example.org"}, std::string(100 + i, 'x'))).value());
    options.journal_size = 1;
    REQUIRE(open());
    REQUIRE(store(new_message()));
  }

  std::size_t in_files() const {
    std::size_t count = 0;
    for (const auto& path : disk.files()) count += path.find("/messages/") != std::string::npos;
    return count;
  }

  // Each message exists, with unchanged content.
  bool has_all() {
    std::set<QueueId> there;
    for (const auto& message : found)
      if (message.content->verify()) there.insert(message.id);
    return std::includes(there.begin(), there.end(), ids.begin(), ids.end());
  }
};

TEST_CASE("move out: whichever step of a checkpoint fails, the messages are there after the next round") {
  Waiting whole;
  const auto before = whole.disk.operations();
  whole.spool->checkpoint();
  REQUIRE(whole.in_files() == kMessages);
  const auto steps = whole.disk.operations() - before;
  for (std::uint64_t step = 1; step <= steps; step += 3) {
    INFO(step);
    Waiting w;
    w.disk.fail_after(step, "no");
    w.spool->checkpoint();
    w.spool->checkpoint();
    REQUIRE(w.cut());
    CHECK(w.has_all());
  }
}

TEST_CASE("move out: whenever the power goes during a checkpoint, the messages are there") {
  Waiting whole;
  const auto before = whole.disk.operations();
  whole.spool->checkpoint();
  const auto steps = whole.disk.operations() - before;
  for (std::uint64_t step = 1; step <= steps; ++step) {
    INFO(step);
    Waiting w;
    w.disk.cut_at(w.disk.operations() + step);
    w.spool->checkpoint();
    w.spool.reset();
    w.disk.restart(step % 2 == 0 ? test::ForgetfulDisk::Cut::nothing : test::ForgetfulDisk::Cut::all, step);
    REQUIRE(w.open());
    CHECK(w.has_all());
  }
}

TEST_CASE("move out: where one message cannot be written, those before it are in their files, and need not be written again") {
  Waiting w;
  const auto place = std::next(w.ids.begin(), 19);
  w.disk.fail_on(Paths{"/spool"}.folder(*place).string(), "no");
  w.spool->checkpoint();
  CHECK(w.in_files() == 19);
  w.disk.fail_on("", "");
  w.spool->checkpoint();
  CHECK(w.in_files() == kMessages);
}

TEST_CASE("move out: what was taken in held is held from its first moment until its release, wherever it lies") {
  SpoolFixture f;
  f.options.journal_size = 1;
  REQUIRE(f.open());
  NewMessage message = new_message();
  message.envelope.held_because = "[route]";
  const auto id = f.store(std::move(message)).value();
  CHECK(f.spool->load(id)->held);
  CHECK(f.spool->fresh(id)->held);
  const auto move_out = [&] {
    REQUIRE(f.open());
    REQUIRE(f.store(new_message()));
    f.spool->checkpoint();
    REQUIRE(f.cut());
    return f.spool->load(id)->held;
  };
  REQUIRE(f.cut());
  CHECK(f.spool->load(id)->held);
  CHECK(move_out());
  f.spool->act(ActionKind::release, {id}, nullptr);
  f.commit();
  CHECK_FALSE(f.spool->load(id)->held);
  CHECK_FALSE(move_out());
  f.spool->act(ActionKind::hold, {id}, nullptr);
  f.commit();
  CHECK(move_out());
}

}  // namespace
}  // namespace mxpress::queue
