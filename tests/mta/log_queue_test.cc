// The queue of the log writer: what it loses, what it does not, and how it says that it is behind.
#include "mta/host/log_queue.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace mxpress;
using namespace mxpress::mta;

namespace {

constexpr LogLimits kSmall{.lines = 10, .slow_octets = 1'000, .full_octets = 4'000, .most_octets = 8'000};

LogEntry chatter(const std::string& text) { return {Priority::notice, false, {}, text}; }
LogEntry fate(std::size_t octets = 100) { return {Priority::info, true, {}, std::string(octets - sizeof(LogEntry), 'f')}; }

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
  queue.push({Priority::info, true, {}, "2"});
  queue.push(chatter("3"));
  CHECK(texts(queue) == std::vector<std::string>{"1", "2", "3"});
}

TEST_CASE("log queue: what waits and what is being written count together, and are behind by two limits") {
  LogQueue queue(kSmall);
  std::vector<LogEntry> batch;
  for (int i = 0; i < 9; ++i) queue.push(fate());
  CHECK(queue.pressure() == LogPressure::none);
  queue.push(fate());
  CHECK(queue.pressure() == LogPressure::slow);
  queue.take(batch);
  CHECK(queue.pressure() == LogPressure::slow);
  for (int i = 0; i < 30; ++i) queue.push(fate());
  CHECK(queue.pressure() == LogPressure::full);
  queue.done();
  CHECK(queue.pressure() == LogPressure::slow);
  queue.take(batch);
  queue.done();
  CHECK(queue.pressure() == LogPressure::none);
  CHECK(queue.is_empty());
}

TEST_CASE("log queue: lines about messages are lost beyond the last limit only, and counted") {
  LogQueue queue(kSmall);
  for (int i = 0; i < 83; ++i) queue.push(fate());
  const auto lines = texts(queue);
  CHECK(count(lines, "fff") == 80);
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
