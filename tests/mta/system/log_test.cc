// The log: lines that no text from outside can forge, and a writer that never blocks anybody.
#include "mta/system/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "mta/system/log_limit.h"
#include "tests/support/stderr_pipe.h"

using namespace mxpress;
using namespace mxpress::mta;
using namespace std::chrono_literals;
using testing::StderrPipe;

namespace {

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("log: a line has the queue id first, then the event, then key=value") {
  const LogLine line =
      LogLine(Priority::info, proto::QueueId{1}, "attempt").add("host", "mx.example[192.0.2.1]:25").add("code", 250).add("total", 1234ms);
  CHECK(line.text() == proto::QueueId{1}.to_string() + " attempt host=mx.example[192.0.2.1]:25 code=250 total=1.234");
}

TEST_CASE("log: an alert announces all its fields, also those that are joined of pieces") {
  LogLine line(Priority::alert, "site");
  line.add("hosts", "mx.example").add_joined("host", {"mx.example", "[", "192.0.2.1:25", "]"});
  std::string all;
  for (const auto& [key, value] : line.announced()) all += key + "=" + value + " ";
  CHECK(all == "event=site hosts=mx.example host=mx.example[192.0.2.1:25] ");
  CHECK(line.text() == "site hosts=mx.example host=mx.example[192.0.2.1:25]");
}

TEST_CASE("log: a value cannot forge a line, a key, or a terminal sequence") {
  const std::string text =
      LogLine(Priority::info, "x").add("reply", "250 ok\r\nforged status=\"sent\" \x1b[31m \x9b\\").add("n", "").text();
  CHECK(text.find_first_of(std::string("\r\n\x1b\x9b", 4)) == text.npos);
  CHECK_THAT(text, Catch::StartsWith("x reply=\"250 ok"));
  CHECK_THAT(text, Catch::Contains("status=\\\"sent\\\""));
  CHECK_THAT(text, Catch::EndsWith(" n=\"\""));
  CHECK(LogLine(Priority::info, "x").add("k", "a=b").text() == "x k=\"a=b\"");
}

TEST_CASE("log: a line stays below what a pipe takes at once") {
  LogLine line(Priority::info, std::string(10'000, 'e'));
  for (int i = 0; i < 100; ++i) line.add("key", std::string(100'000, '"'));
  CHECK(line.text().size() < 4000);
}

TEST_CASE("log: stderr gets a time stamp and the priority in words, or <6> when it is the journal") {
  testing::drop_waiting_lines();
  StderrPipe pipe;
  start_log(LogTarget::standard_error);
  log(LogLine(Priority::info, "plain"));
  stop_log();
  struct stat status{};
  REQUIRE(::fstat(pipe.write_end(), &status) == 0);
  ::setenv("JOURNAL_STREAM", (std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino)).c_str(), 1);
  start_log(LogTarget::standard_error);
  log(LogLine(Priority::warning, "journal"));
  stop_log();
  ::unsetenv("JOURNAL_STREAM");
  const std::string all = pipe.read_all();
  const std::string text =
      all.substr(all.rfind('\n', all.rfind(" info plain")) + 1);  // lines of earlier tests may have waited for a writer
  CHECK_THAT(text, Catch::Matches("20[0-9-]{8}T[0-9:]{8}[.][0-9]{3}Z info plain\n<4>journal\n"));
}

TEST_CASE("log: every line is written before stop_log() returns, in order") {
  StderrPipe pipe;
  start_log(LogTarget::standard_error);
  for (int i = 0; i < 500; ++i) log(LogLine(Priority::info, "line").add("n", i));
  stop_log();
  const std::string text = pipe.read_all();
  CHECK(count(text, "\n") == 500);
  CHECK(text.find("n=17\n") < text.find("n=18\n"));
}

TEST_CASE("log: a stuck stderr blocks neither who logs nor the end, and the lost lines are counted later") {
  StderrPipe pipe;  // not read: full after 64 KiB
  start_log(LogTarget::standard_error);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 30'000; ++i) log(LogLine(Priority::info, "flood").add("n", i).add("padding", std::string(100, 'x')));
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
  stop_log();
  CHECK(std::chrono::steady_clock::now() - begin < 20s);
}

TEST_CASE("log: lines that come faster than they are written are dropped and counted") {
  StderrPipe pipe;
  for (int i = 0; i < 10'050; ++i) log(LogLine(Priority::info, "e"));  // no writer yet: the queue holds 10,000
  std::string text;
  std::thread reader([&] { text = pipe.read_until("log-lines-lost count=50 "); });
  start_log(LogTarget::standard_error);
  reader.join();
  stop_log();
  CHECK(count(text, " info e\n") == 10'000);
}

TEST_CASE("log: a flood of other lines costs no line with a queue id, while nobody reads and afterwards") {
  testing::drop_waiting_lines();
  StderrPipe pipe;
  start_log(LogTarget::standard_error);
  for (int i = 0; i < 20'000; ++i) {
    log(LogLine(Priority::notice, "rejected").add("n", i));
    if (i % 10 == 0) log(LogLine(Priority::info, proto::QueueId{static_cast<std::uint64_t>(i + 1)}, "accepted"));
  }
  log(LogLine(Priority::info, proto::QueueId{1}, "the-end"));
  std::string text = pipe.read_until(" the-end\n");
  stop_log();
  text += pipe.read_all();
  CHECK(count(text, " accepted\n") == 2'000);
  std::size_t lost = 0;
  const std::string told = "log-lines-lost count=";
  for (auto at = text.find(told); at != text.npos; at = text.find(told, at + 1))
    lost += std::strtoul(text.c_str() + at + told.size(), nullptr, 10);
  CHECK(count(text, " rejected n=") + lost == 20'000);
}

TEST_CASE("log: a peer's repetitions are counted at the end at the latest") {
  testing::drop_waiting_lines();
  forget_repeats();
  StderrPipe pipe;
  start_log(LogTarget::standard_error);
  for (int i = 0; i < 130; ++i)
    if (may_log(fairness::Owner::user(33), "rejected")) log(LogLine(Priority::notice, "rejected"));
  stop_log();
  const std::string text = pipe.read_all();
  CHECK(count(text, " rejected\n") == 30);
  CHECK(count(text, "repeated event=rejected by=\"uid 33\" count=100 ") == 1);
}

TEST_CASE("log: a captured log gives its lines to the test") {
  std::vector<std::string> lines;
  capture_log([](const LogLine& line, void* context) { static_cast<std::vector<std::string>*>(context)->push_back(line.text()); }, &lines);
  log(LogLine(Priority::info, "one"));
  capture_log(nullptr, nullptr);
  CHECK(lines == std::vector<std::string>{"one"});
}
