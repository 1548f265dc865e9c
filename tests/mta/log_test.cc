// The log: lines that nothing from outside can forge, and a writer that never holds anybody up.
#include "mta/host/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

using namespace mxpress;
using namespace mxpress::mta;
using namespace std::chrono_literals;

namespace {

// Puts a pipe in the place of stderr for one test.
class StderrPipe {
 public:
  StderrPipe() : saved_(::dup(STDERR_FILENO)) {
    REQUIRE(::pipe2(ends_, O_CLOEXEC) == 0);
    ::dup2(ends_[1], STDERR_FILENO);
  }
  ~StderrPipe() {
    restore();
    ::close(ends_[0]);
  }
  void restore() {
    if (saved_ < 0) return;
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
    ::close(ends_[1]);
    saved_ = -1;
  }
  // Everything written, after nobody can write any more.
  std::string read_all() {
    restore();
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = ::read(ends_[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
    return text;
  }
  // Everything up to where `what` has been written.
  std::string read_until(const std::string& what) {
    std::string text;
    char buffer[65536];
    while (text.find(what) == text.npos) {
      const ssize_t n = ::read(ends_[0], buffer, sizeof buffer);
      if (n <= 0) break;
      text.append(buffer, static_cast<std::size_t>(n));
    }
    return text;
  }
  int write_end() const { return ends_[1]; }

 private:
  int saved_;
  int ends_[2] = {-1, -1};
};

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

// What earlier tests have logged waits for a writer: into nothing with it.
void drop_waiting_lines() {
  const int saved = ::dup(STDERR_FILENO);
  const int nothing = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ::dup2(nothing, STDERR_FILENO);
  start_log(LogTarget::standard_error);
  stop_log();
  ::dup2(saved, STDERR_FILENO);
  ::close(nothing);
  ::close(saved);
}

TEST_CASE("log: stderr gets a time stamp and the priority in words, or <6> when it is the journal") {
  drop_waiting_lines();
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
  StderrPipe pipe;  // nobody reads: 64 KiB and it is full
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

TEST_CASE("log: a captured log gives its lines to the test") {
  std::vector<std::string> lines;
  capture_log([](const LogLine& line, void* context) { static_cast<std::vector<std::string>*>(context)->push_back(line.text()); }, &lines);
  log(LogLine(Priority::info, "one"));
  capture_log(nullptr, nullptr);
  CHECK(lines == std::vector<std::string>{"one"});
}
