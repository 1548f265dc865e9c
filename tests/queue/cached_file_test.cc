// Messages that are read without waiting for the disk.
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "queue/cached_file.h"
#include "tests/queue/spool_fixture.h"
#include "tests/support/temp_folder.h"

namespace mxpress::queue {
namespace {

constexpr const char* kFirstSegment = "/spool/journal/0000000001.log";

// A file of which only the first octets are in memory.
class HalfCold final : public File {
 public:
  HalfCold(std::string bytes, std::size_t warm) : bytes_(std::move(bytes)), warm_(warm) {}
  Result<std::size_t> read_at(std::uint64_t offset, char* buffer, std::size_t size) const override {
    return bytes_.copy(buffer, size, offset);
  }
  std::size_t read_if_cached(std::uint64_t offset, char* buffer, std::size_t size) const override {
    ++looks;
    return offset >= warm_ ? 0 : bytes_.substr(0, warm_).copy(buffer, size, offset);
  }
  Status write_at(std::uint64_t, const std::vector<std::string_view>&) override { return {}; }
  Status sync() override { return {}; }
  Status allocate(std::uint64_t) override { return {}; }
  Status truncate(std::uint64_t) override { return {}; }
  Result<std::uint64_t> size() const override { return bytes_.size(); }
  Result<bool> try_lock(Lock) override { return true; }

  mutable int looks = 0;

 private:
  const std::string bytes_;
  const std::size_t warm_;
};

struct Stored : SpoolFixture {
  Stored() {
    disk.make_cold(0);
    REQUIRE(open());
  }
  QueueId put(std::string content) { return std::move(store(new_message({"b@example.org"}, std::move(content)))).value(); }
  // Under the eyes of the spool.
  void damage(const std::string& place) {
    auto file = std::move(disk.open(kFirstSegment, Open::write)).value();
    REQUIRE(file->write_at(disk.content(kFirstSegment).find(place), {"#"}));
  }
};

TEST_CASE("at hand: a file gives what is in memory, at the first look, and nothing that is not") {
  const auto file = std::make_shared<HalfCold>("0123456789", 6);
  const auto hand = only_cached(file);
  CHECK(*read_exactly(*hand, 1, 3) == "123");
  CHECK(*read_exactly(*hand, 4, 2) == "45");
  CHECK(file->looks == 1);
  CHECK_FALSE(read_exactly(*hand, 4, 3));
  CHECK_FALSE(read_exactly(*hand, 8, 1));
  CHECK_FALSE(hand->write_at(0, {"x"}));
}

TEST_CASE("at hand: a read that is long to deal with is left to others") {
  const std::string bytes(100'000, 'x');
  const auto hand = only_cached(std::make_shared<HalfCold>(bytes, bytes.size()));
  CHECK(read_exactly(*hand, 0, 20'000));
  CHECK_FALSE(read_exactly(*hand, 0, 50'000));
}

TEST_CASE("at hand: what has just been written to a file of the system is") {
  const test::TempFolder folder;
  SystemDisk disk;
  auto file = std::move(disk.open(folder.path() / "f", Open::create)).value();
  REQUIRE(file->write_at(0, {"content"}));
  char octet;
  const iovec piece{&octet, 1};
  const int fd = ::open((folder.path() / "f").c_str(), O_RDONLY | O_CLOEXEC);
  const bool is_unknown = ::preadv2(fd, &piece, 1, 0, RWF_NOWAIT) < 0 && errno == EOPNOTSUPP;
  ::close(fd);
  if (is_unknown) {
    WARN("this file system does not say what it has in memory");
    return;
  }
  std::string bytes(10, '-');
  CHECK(file->read_if_cached(3, bytes.data(), bytes.size()) == 4);
  CHECK(bytes == "tent------");
  CHECK(file->read_if_cached(7, bytes.data(), bytes.size()) == 0);
}

TEST_CASE("at hand: a message in the journal is, with its content and with what has happened to it, synced or not") {
  Stored s;
  const auto id = s.put("Subject: a\r\n\r\nbody\r\n");
  s.spool->settle(settlement(id, 0, RecipientStage::pending, "451 once"), nullptr);
  s.commit();
  s.spool->settle(settlement(id, 0, RecipientStage::pending, "451 twice"), nullptr);
  const auto message = s.spool->load_if_cached(id);
  REQUIRE(message);
  CHECK(message->content->in_memory() == "Subject: a\r\n\r\nbody\r\n");
  CHECK(message->attempts.size() == 2);
  CHECK(message->recipients[0].last->text == "451 twice");
  CHECK(message->envelope.recipients[0].mailbox.to_string() == "b@example.org");
}

TEST_CASE("at hand: a message that is larger, in a file of its own, ended or unknown is not") {
  Stored s;
  const auto larger = s.put(std::string(20'000, 'x'));
  const auto ended = s.put("x\r\n");
  s.spool->settle(settlement(ended, 0, RecipientStage::delivered), nullptr);
  const auto moved = s.put("x\r\n");
  s.commit();
  CHECK_FALSE(s.spool->load_if_cached(larger));
  CHECK_FALSE(s.spool->load_if_cached(ended));
  CHECK_FALSE(s.spool->load_if_cached(QueueId{42}));
  CHECK(s.spool->load_if_cached(moved));
  s.options.journal_size = 1;
  REQUIRE(s.open());
  s.put("x\r\n");
  s.spool->checkpoint();
  CHECK_FALSE(s.spool->load_if_cached(moved));
  CHECK(s.spool->load(moved));
}

TEST_CASE("at hand: what is cold is for load(), and then it is not") {
  Stored s;
  const auto id = s.put("x\r\n");
  s.disk.make_cold(1);
  CHECK_FALSE(s.spool->load_if_cached(id));
  CHECK(s.spool->load(id));
  s.disk.make_cold(0);
  CHECK(s.spool->load_if_cached(id));
}

TEST_CASE("at hand: a message with many records is left to others") {
  Stored s;
  const auto id = s.put("x\r\n");
  for (int i = 0; i < 9; ++i) {
    CHECK(s.spool->load_if_cached(id));
    s.spool->settle(settlement(id, 0, RecipientStage::pending, "451"), nullptr);
    s.commit();
  }
  CHECK_FALSE(s.spool->load_if_cached(id));
}

TEST_CASE("at hand: damaged content, or a damaged record, is for load() to tell") {
  for (const std::string place : {"intact content", "451 later"}) {
    Stored s;
    const auto id = s.put("intact content\r\n");
    s.spool->settle(settlement(id, 0, RecipientStage::pending, "451 later"), nullptr);
    s.commit();
    REQUIRE(s.spool->load_if_cached(id));
    s.damage(place);
    CHECK_FALSE(s.spool->load_if_cached(id));
    CHECK(s.spool->load(id));
  }
}

TEST_CASE("at hand: content that was checked is in memory if it is small, and an error if it is damaged") {
  Stored s;
  const auto small = s.spool->load(s.put("small\r\n"))->content;
  const auto larger = s.spool->load(s.put(std::string(20'000, 'y')))->content;
  CHECK((*checked(small))->in_memory() == "small\r\n");
  CHECK_FALSE((*checked(larger))->in_memory());
  s.damage("small");
  s.damage("yyyy");
  CHECK_FALSE(checked(small).error().is_transient());
  CHECK_FALSE(checked(larger).error().is_transient());
}

}  // namespace
}  // namespace mxpress::queue
