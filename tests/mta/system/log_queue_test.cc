// The queue of the log writer: lost and kept lines, and the report of a backlog.
#include "mta/system/log_queue.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace mxpress;
using namespace mxpress::mta;

namespace {

constexpr LogLimits kSmall{.lines = 10, .most_octets = 8'000};
const fairness::Owner kOwner = fairness::Owner::user(33);

LogEntry chatter(const std::string& text) { return {Priority::notice, false, {}, text, {}}; }
LogEntry fate(std::size_t octets = 200) { return {Priority::info, true, {}, std::string(octets - sizeof(LogEntry), 'f'), {}}; }

std::vector<std::string> texts(LogQueue& queue) {
  std::vector<LogEntry> batch;
  queue.take(batch);
  std::vector<std::string> result;
  for (const LogEntry& entry : batch) result.push_back(entry.text);
  return result;
}

std::size_t count(const std::vector<std::string>& lines, const std::string& what) {
  return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [&](const std::string& line) { return line.find(what) == 0; }));
}

}  // namespace

TEST_CASE("log queue: a flood of other lines drops no line about a message") {
  LogQueue queue(kSmall);
  for (int i = 0; i < 12'000; ++i) {
    queue.push(chatter("rejected"));
    if (i % 1000 == 0) queue.push(fate());
  }
  const auto lines = texts(queue);
  CHECK(count(lines, "fff") == 12);
  CHECK(count(lines, "rejected") == 10);
  CHECK(lines.back().starts_with("log-lines-lost count=11990 "));
}

TEST_CASE("log queue: lines keep their order, whatever their kind") {
  LogQueue queue(kSmall);
  queue.push(chatter("1"));
  queue.push({Priority::info, true, {}, "2", {}});
  queue.push(chatter("3"));
  CHECK(texts(queue) == std::vector<std::string>{"1", "2", "3"});
}

TEST_CASE("log queue: what is being written waits until it is written") {
  LogQueue queue(kSmall);
  std::vector<LogEntry> batch;
  for (int i = 0; i < 9; ++i) queue.push(fate(200));
  queue.push(chatter("is not counted"));
  CHECK(queue.backlog().waiting == 1'800);
  queue.take(batch);
  for (int i = 0; i < 3; ++i) queue.push(fate(200));
  CHECK(queue.backlog().waiting == 2'400);
  CHECK(queue.backlog().written == 0);
  queue.done();
  CHECK(queue.backlog().waiting == 600);
  CHECK(queue.backlog().written == 1'800);
  queue.take(batch);
  queue.done();
  CHECK(queue.backlog().written == 2'400);
  CHECK(queue.is_empty());
}

TEST_CASE("log queue: a line holds its room until what it was taken with is gone, and a lost line at once none") {
  LogRoom room{{100'000, 100'000}};
  LogQueue queue(kSmall);
  std::vector<LogEntry> batch;
  const auto push = [&] {
    LogEntry entry = fate(2'000);
    entry.room = room.charge(kOwner, 2'000);
    queue.push(std::move(entry));
  };
  for (int i = 0; i < 4; ++i) push();
  CHECK(room.held_by(kOwner) == 8'000);
  push();
  CHECK(room.held_by(kOwner) == 8'000);
  queue.take(batch);
  CHECK(room.held_by(kOwner) == 8'000);
  batch.clear();
  CHECK(room.held() == 0);
}

TEST_CASE("log queue: lines about messages are lost beyond the last limit only, and counted") {
  LogQueue queue(kSmall);
  for (int i = 0; i < 43; ++i) queue.push(fate(200));
  const auto lines = texts(queue);
  CHECK(count(lines, "fff") == 40);
  CHECK(lines.back().starts_with("fate-lines-lost count=3 "));
  queue.done();
  CHECK(texts(queue).empty());
}

TEST_CASE("log queue: other lines leave room again when they are written") {
  LogQueue queue(kSmall);
  std::vector<LogEntry> batch;
  for (int i = 0; i < 10; ++i) queue.push(chatter("a"));
  queue.take(batch);
  queue.push(chatter("lost"));
  queue.done();
  queue.push(chatter("b"));
  const auto lines = texts(queue);
  CHECK(lines.size() == 2);
  CHECK(lines.front() == "b");
}
