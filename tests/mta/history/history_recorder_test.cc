// The recorder: events of all threads reach the disk, and failures of the disk harm nobody.
#include "mta/history/recorder.h"

#include <catch2/catch.hpp>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "mta/history/search.h"
#include "tests/support/forgetful_disk.h"
#include "tests/support/history_events.h"

using namespace mxpress;
using namespace mxpress::mta;
using mxpress::test::ForgetfulDisk;
using mxpress::testing::envelope_of;

namespace {

const queue::Path kFolder = "/history";

history::Store store_on(ForgetfulDisk& disk) {
  return history::Store(disk, kFolder, [] { return std::uint64_t{7}; });
}

std::size_t found(ForgetfulDisk& disk, const std::string& address) {
  std::size_t count = 0;
  const history::Search search(disk, kFolder);
  const auto use = [&](const history::Hit&) { return ++count, true; };
  REQUIRE(search.run({{{history::Key::Kind::address, address, history::kAnybody}}}, use, [](std::uint64_t) { return true; }));
  return count;
}

void take(history::Recorder& recorder, std::uint64_t id, const std::string& to) {
  const auto envelope = envelope_of(0, "me@here.example", {to});
  recorder.take(events::Accepted{{id}, envelope, 1, "x@here.example"});
}

}  // namespace

TEST_CASE("history recorder: what several threads emit is on the disk after a flush") {
  ForgetfulDisk disk;
  history::Recorder recorder(store_on(disk), [] { return history::Limits(); });
  REQUIRE(recorder.start());
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (std::uint64_t n = 0; n < 100; ++n) take(recorder, 1 + i * 100 + n, "a@x.example");
    });
  for (auto& thread : threads) thread.join();
  recorder.flush();
  CHECK(found(disk, "a@x.example") == 400);
  CHECK(recorder.dropped() == 0);
}

TEST_CASE("history recorder: a stop writes what waits, and what comes later is counted as lost") {
  ForgetfulDisk disk;
  history::Recorder recorder(store_on(disk), [] { return history::Limits(); });
  REQUIRE(recorder.start());
  take(recorder, 1, "a@x.example");
  recorder.stop();
  CHECK(found(disk, "a@x.example") == 1);
  take(recorder, 2, "a@x.example");
  CHECK(recorder.dropped() == 1);
}

TEST_CASE("history recorder: while the disk fails records are lost and counted; later ones are written again") {
  ForgetfulDisk disk;
  history::Recorder recorder(store_on(disk), [] { return history::Limits(); });
  REQUIRE(recorder.start());
  take(recorder, 1, "a@x.example");
  recorder.flush();
  disk.set_room({0, {}});
  take(recorder, 2, "a@x.example");
  recorder.flush();
  CHECK(recorder.dropped() == 1);
  disk.set_room({1u << 30, {}});
  take(recorder, 3, "a@x.example");
  recorder.flush();
  CHECK(found(disk, "a@x.example") == 2);
  CHECK(recorder.dropped() == 1);
}

TEST_CASE("history recorder: records that wait take bounded memory; what does not fit is lost") {
  ForgetfulDisk disk;
  std::promise<void> is_writing, may_write;
  std::once_flag first;
  history::Recorder recorder(store_on(disk), [&] {
    std::call_once(first, [&] {
      is_writing.set_value();
      may_write.get_future().wait();
    });
    return history::Limits();
  });
  std::vector<std::string> recipients;
  for (int i = 0; i < 10'000; ++i) recipients.push_back("a-user-with-a-long-name" + std::to_string(i) + "@there.example");
  const auto envelope = envelope_of(0, "me@here.example", recipients);
  REQUIRE(recorder.start());
  take(recorder, 1, "a@x.example");
  is_writing.get_future().wait();
  for (std::uint64_t id = 2; id < 20; ++id) recorder.take(events::Accepted{{id}, envelope, 1, ""});
  const std::uint64_t lost = recorder.dropped();
  may_write.set_value();
  recorder.flush();
  std::uint64_t octets = 0;
  for (const auto& file : disk.files()) octets += disk.content(file).size();
  CHECK(lost > 0);
  CHECK(octets > history::Recorder::kMostWaiting / 2);
  CHECK(octets < history::Recorder::kMostWaiting * 5 / 4);
}
