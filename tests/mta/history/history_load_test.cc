// Ten million messages that have ended: the time of a search. Hidden, because it takes minutes and gigabytes: unit_tests "[history-load]".
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>

#include "mta/history/search.h"
#include "mta/history/store.h"
#include "tests/support/history_events.h"
#include "tests/support/temp_folder.h"

using namespace mxpress;
using namespace mxpress::mta::history;

namespace {

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr std::uint64_t kOwners = 1000, kRecipients = 100'000;

std::string recipient(std::uint64_t number) {
  return "user" + std::to_string(number) + "@there" + std::to_string(number % 5000) + ".example";
}

std::string messages(std::uint64_t first, std::uint64_t count) {
  std::string frames;
  for (std::uint64_t id = first; id < first + count; ++id) {
    const std::string to = recipient(id % kRecipients), from = "user" + std::to_string(id % kOwners) + "@here.example";
    frames += testing::accepted(id, testing::envelope_of(static_cast<std::int64_t>(id % kOwners), from, {to}),
                                std::to_string(id * 7919) + ".mail@here.example", kNow);
    frames += testing::delivered(id, to, kNow);
  }
  return frames;
}

std::size_t search(queue::Disk& disk, const queue::Path& folder, Key key) {
  std::size_t count = 0;
  const auto use = [&](const Hit&) { return ++count < 21; };
  REQUIRE(Search(disk, folder).run({{std::move(key)}, 0, 64}, use, [](std::uint64_t) { return true; }));
  return count;
}

}  // namespace

TEST_CASE("history load: the time of a search among ten million messages", "[.][history-load]") {
  const char* const wanted = std::getenv("HISTORY_MESSAGES");
  const std::uint64_t count = wanted ? std::strtoull(wanted, nullptr, 10) : 10'000'000;
  const test::TempFolder folder;
  queue::SystemDisk disk;
  const queue::Path path = folder.path() / "history";
  Limits limits;
  limits.max_size = std::uint64_t{16} << 30;
  Store store(disk, path, [next = std::uint64_t{1}]() mutable { return next *= 6364136223846793005u; });
  const auto since = [](auto begin) { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count(); };
  auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t id = 1; id <= count; id += 500) REQUIRE(store.append(messages(id, 500), limits, kNow));
  std::cout << "written in " << since(begin) / 1000 << " s\n";
  std::uint64_t octets = 0;
  const auto files = disk.list(path).value();
  for (const auto& entry : files) octets += disk.open(path / entry.name, queue::Open::read).value()->size().value();
  std::cout << octets / count << " octets a message\n";
  const std::pair<const char*, Key> searches[] = {{"recipient", {Key::Kind::address, recipient(777), kAnybody}},
                                                  {"recipient, as a user", {Key::Kind::address, recipient(777), 777 % kOwners}},
                                                  {"nobody", {Key::Kind::address, "nobody@x.example", kAnybody}},
                                                  {"the first message", Key::of({1})},
                                                  {"sender", {Key::Kind::address, "user777@here.example", kAnybody}}};
  for (int round = 0; round < 2; ++round)
    for (const auto& [what, key] : searches) {
      begin = std::chrono::steady_clock::now();
      const std::size_t found = search(disk, path, key);
      std::cout << what << ": " << found << " in " << since(begin) << " ms\n";
    }
}
