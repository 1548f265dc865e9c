// The folder of the history: what is appended is found, also after a crash; limits of age and size; errors of the disk.
#include "mta/history/store.h"

#include <catch2/catch.hpp>

#include "mta/history/index.h"
#include "mta/history/search.h"
#include "mta/history/segment.h"
#include "tests/support/forgetful_disk.h"
#include "tests/support/history_events.h"

using namespace mxpress;
using namespace mxpress::mta::history;
using mxpress::test::ForgetfulDisk;
using mxpress::testing::envelope_of;

namespace {

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr std::int64_t kAlice = 1001, kBob = 1002;
const queue::Path kFolder = "/history";

Store store_on(ForgetfulDisk& disk) {
  return Store(disk, kFolder, [next = std::uint64_t{1}]() mutable { return next += 12345; });
}

std::string letter(std::uint64_t id, std::int64_t uid, const std::string& to, WallTime at = kNow) {
  return testing::accepted(id, envelope_of(uid, "user" + std::to_string(uid) + "@here.example", {to}), std::to_string(id) + "@here.example",
                           at);
}

std::vector<std::uint64_t> found(ForgetfulDisk& disk, std::vector<Key> keys, std::size_t most = 1000) {
  std::vector<std::uint64_t> ids;
  const Search search(disk, kFolder);
  const auto use = [&](const Hit& hit) { return ids.push_back(hit.record.message.value), true; };
  REQUIRE(search.run({std::move(keys), 0, most}, use, [](std::uint64_t) { return true; }));
  return ids;
}

std::vector<std::uint64_t> found(ForgetfulDisk& disk, const std::string& address, std::int64_t owner = kAnybody) {
  return found(disk, {{Key::Kind::address, address, owner}});
}

Limits small() {
  Limits limits;
  limits.max_size = 1u << 20;  // segments of 64 KiB
  return limits;
}

// Letters 1 to `count`: to a@x.example and b@x.example in turns, of Alice and Bob.
void fill(Store& store, std::uint64_t count, const Limits& limits) {
  for (std::uint64_t id = 1; id <= count; ++id)
    REQUIRE(store.append(letter(id, id % 2 ? kAlice : kBob, id % 2 ? "a@x.example" : "B@x.example"), limits, kNow));
}

std::size_t count_of(const ForgetfulDisk& disk, std::string_view ending) {
  std::size_t count = 0;
  for (const auto& file : disk.files()) count += file.ends_with(ending);
  return count;
}

std::vector<std::uint64_t> down(std::uint64_t from, std::uint64_t step) {
  std::vector<std::uint64_t> ids;
  for (std::uint64_t id = from; id >= 1 && id <= from; id -= step) ids.push_back(id);
  return ids;
}

}  // namespace

TEST_CASE("history: mail is found by recipient, sender, Message-ID and queue id, in indexed segments and in the open one") {
  ForgetfulDisk disk;
  Store store = store_on(disk);
  fill(store, 2000, small());
  CHECK(count_of(disk, ".idx") >= 2);
  CHECK(count_of(disk, ".log") == count_of(disk, ".idx") + 1);
  CHECK(count_of(disk, ".tmp") == 0);
  CHECK(found(disk, "A@x.EXAMPLE") == down(1999, 2));
  CHECK(found(disk, "b@x.example") == down(2000, 2));
  CHECK(found(disk, "user1001@here.example") == down(1999, 2));
  CHECK(found(disk, "c@x.example").empty());
  for (const std::uint64_t id : {1u, 500u, 1000u}) {
    CHECK(found(disk, {{Key::Kind::message_id, std::to_string(id) + "@here.example", kAnybody}}) == std::vector{id});
    CHECK(found(disk, {Key::of({id})}) == std::vector{id});
  }
  CHECK(found(disk, {Key::of({3}), Key::of({2})}) == std::vector<std::uint64_t>{3, 2});
}

TEST_CASE("history: a user finds his own mail alone, and his latest one") {
  ForgetfulDisk disk;
  Store store = store_on(disk);
  fill(store, 1000, small());
  CHECK(found(disk, "a@x.example", kAlice) == down(999, 2));
  CHECK(found(disk, "a@x.example", kBob).empty());
  CHECK(found(disk, {Key::of({7}, kAlice)}) == std::vector<std::uint64_t>{7});
  CHECK(found(disk, {Key::of({7}, kBob)}).empty());
  CHECK(found(disk, {{Key::Kind::mail_of_owner, {}, kBob}}).front() == 1000);
}

TEST_CASE("history: of many records of a key the latest are found, in each segment as many as asked for") {
  ForgetfulDisk disk;
  Store store = store_on(disk);
  fill(store, 1500, small());
  const auto ids = found(disk, {{Key::Kind::address, "a@x.example", kAnybody}}, 5);
  CHECK(std::vector(ids.begin(), ids.begin() + 5) == std::vector<std::uint64_t>{1499, 1497, 1495, 1493, 1491});
  CHECK(ids.size() == 5 * count_of(disk, ".log"));
}

TEST_CASE("history: a torn record at the end is ignored, and the next run continues before it") {
  ForgetfulDisk disk;
  {
    Store store = store_on(disk);
    fill(store, 3, small());
  }
  const std::string file = segment_file(kFolder, 1).string();
  const std::string torn = letter(4, kAlice, "a@x.example");
  disk.replace(file, disk.content(file) + torn.substr(0, torn.size() - 1));
  CHECK(found(disk, "a@x.example") == std::vector<std::uint64_t>{3, 1});
  Store store = store_on(disk);
  REQUIRE(store.append(letter(5, kAlice, "a@x.example"), small(), kNow));
  CHECK(found(disk, "a@x.example") == std::vector<std::uint64_t>{5, 3, 1});
  CHECK(count_of(disk, ".log") == 1);
}

TEST_CASE("history: a segment that a crash left without index gets it, and one without a head is removed") {
  ForgetfulDisk disk;
  {
    Store store = store_on(disk);
    fill(store, 1000, small());
  }
  REQUIRE(disk.remove(index_file(kFolder, 1)));
  disk.replace((kFolder / "index.tmp").string(), "half");
  disk.replace(segment_file(kFolder, 99).string(), "mxh");
  CHECK(found(disk, "a@x.example") == down(999, 2));
  Store store = store_on(disk);
  REQUIRE(store.tidy(small(), kNow));
  CHECK(disk.exists(index_file(kFolder, 1)).value());
  CHECK_FALSE(disk.exists(segment_file(kFolder, 99)).value());
  CHECK(found(disk, "a@x.example") == down(999, 2));
}

TEST_CASE("history: records older than the limit go, a day at a time") {
  ForgetfulDisk disk;
  Store store = store_on(disk);
  Limits limits;
  limits.keep = std::chrono::days(3);
  for (int day = 0; day < 10; ++day) {
    const WallTime at = kNow + std::chrono::days(day);
    REQUIRE(store.append(letter(static_cast<std::uint64_t>(day + 1), kAlice, "a@x.example", at), limits, at));
  }
  CHECK(found(disk, "a@x.example") == std::vector<std::uint64_t>{10, 9, 8, 7});
  REQUIRE(store.tidy(limits, kNow + std::chrono::days(20)));
  CHECK(found(disk, "a@x.example").empty());
}

TEST_CASE("history: all its files together stay below the limit of size, and the oldest records go first") {
  ForgetfulDisk disk;
  Store store = store_on(disk);
  fill(store, 8000, small());
  std::uint64_t sum = 0;
  for (const auto& file : disk.files()) sum += disk.content(file).size();
  CHECK(sum <= small().max_size);
  CHECK(sum >= small().max_size / 2);
  const auto ids = found(disk, "a@x.example");
  CHECK(ids.front() == 7999);
  CHECK(ids == std::vector<std::uint64_t>([&] {
          auto all = down(7999, 2);
          all.resize(ids.size());
          return all;
        }()));
  CHECK(ids.size() > 1000);
}

TEST_CASE("history: keep = 0 removes it and writes nothing") {
  ForgetfulDisk disk;
  Store store = store_on(disk);
  fill(store, 1000, small());
  Limits none = small();
  none.keep = Duration(0);
  REQUIRE(store.append(letter(2000, kAlice, "a@x.example"), none, kNow));
  CHECK(disk.files().empty());
}

TEST_CASE("history: nothing is written while the disk has less room than it leaves to mail") {
  ForgetfulDisk disk;
  Store store = store_on(disk);
  fill(store, 1, small());
  disk.set_room({32u << 20, {}});
  const Status refused = store.append(letter(2, kAlice, "a@x.example"), small(), kNow);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("32 MiB of the disk are free") != std::string::npos);
  disk.set_room({1u << 30, {}});
  REQUIRE(store.append(letter(3, kAlice, "a@x.example"), small(), kNow));
  CHECK(found(disk, "a@x.example") == std::vector<std::uint64_t>{3, 1});
}

TEST_CASE("history: whichever operation of the disk fails, at most one record is lost, and all others are found") {
  ForgetfulDisk whole;
  {
    Store store = store_on(whole);
    fill(store, 1000, small());
  }
  REQUIRE(count_of(whole, ".idx") == 1);
  for (std::uint64_t operation = 1; operation <= whole.operations() + 1; operation += operation < 10 || operation > 700 ? 1 : 37) {
    INFO("operation " << operation);
    ForgetfulDisk disk;
    Store store = store_on(disk);
    disk.fail_after(operation, "no space left");
    std::vector<std::uint64_t> lost;
    for (std::uint64_t id = 1; id <= 1000; ++id)
      if (!store.append(letter(id, kAlice, "a@x.example"), small(), kNow)) lost.push_back(id);
    CHECK(lost.size() <= 1);
    auto expected = down(1000, 1);
    for (const std::uint64_t id : lost) std::erase(expected, id);
    CHECK(found(disk, "a@x.example") == expected);
  }
}

TEST_CASE("history: a damaged index does not hide records") {
  ForgetfulDisk disk;
  Store store = store_on(disk);
  fill(store, 1000, small());
  disk.replace(index_file(kFolder, 1).string(), "short");
  CHECK(found(disk, "a@x.example") == down(999, 2));
}

TEST_CASE("history: the search asks before each segment, with its cost, and ends when told") {
  ForgetfulDisk disk;
  Store store = store_on(disk);
  fill(store, 3000, small());
  std::vector<std::uint64_t> ids;
  std::uint64_t asked = 0, units = 0;
  const auto use = [&](const Hit& hit) { return ids.push_back(hit.record.message.value), true; };
  REQUIRE(Search(disk, kFolder).run({{{Key::Kind::address, "a@x.example", kAnybody}}, 0, 1000}, use, [&](std::uint64_t more) {
    units += more;
    return ++asked < 2;
  }));
  CHECK(asked == 2);
  CHECK(units >= ids.size() / 8);
  CHECK(ids.size() < 1500);
  CHECK(Search(disk, kFolder).begin().value() == std::optional(kNow));
}
