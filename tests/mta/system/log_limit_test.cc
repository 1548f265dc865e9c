// Limits for the log lines of one peer.
#include "mta/system/log_limit.h"

#include <catch2/catch.hpp>

#include "mta/system/log_watch.h"

using namespace mxpress;
using namespace mxpress::mta;
using fairness::Owner;
using std::chrono::seconds;

namespace {

constexpr BootTime kStart{seconds(1000)};

std::size_t allowed(PeerLines& lines, const Owner& peer, std::string_view event, int times, BootTime now) {
  std::size_t count = 0;
  for (int i = 0; i < times; ++i) count += lines.allow(peer, event, now) ? 1 : 0;
  return count;
}

std::vector<std::string> texts(const std::vector<LogLine>& lines) {
  std::vector<std::string> result;
  for (const LogLine& line : lines) result.push_back(line.text());
  return result;
}

}  // namespace

TEST_CASE("log limit: a flood by one peer is 30 lines and one count, which together are as many as there were") {
  PeerLines lines;
  CHECK(allowed(lines, Owner::user(33), "rejected", 12'030, kStart) == 30);
  CHECK(lines.ended(kStart + seconds(59)).empty());
  CHECK(texts(lines.ended(kStart + seconds(60))) ==
        std::vector<std::string>{"repeated event=rejected by=\"uid 33\" count=12000 seconds=60"});
  CHECK(lines.peers() == 0);
  CHECK(lines.ended(kStart + seconds(600)).empty());
}

TEST_CASE("log limit: one peer takes no line from another") {
  PeerLines lines;
  allowed(lines, Owner::user(33), "rejected", 1000, kStart);
  CHECK(allowed(lines, Owner::user(34), "rejected", 30, kStart) == 30);
}

TEST_CASE("log limit: all events of a peer have one limit, and a count each") {
  PeerLines lines;
  CHECK(allowed(lines, Owner::user(33), "rejected", 20, kStart) == 20);
  CHECK(allowed(lines, Owner::user(33), "operator", 15, kStart) == 10);
  CHECK(allowed(lines, Owner::user(33), "rejected", 7, kStart) == 0);
  CHECK(texts(lines.all(kStart + seconds(5))) == std::vector<std::string>{"repeated event=operator by=\"uid 33\" count=5 seconds=5",
                                                                          "repeated event=rejected by=\"uid 33\" count=7 seconds=5"});
}

TEST_CASE("log limit: a peer who goes on gets as many lines in the next window, and nothing is counted twice") {
  PeerLines lines;
  std::size_t written = 0, counted = 0;
  for (int second = 0; second < 180; ++second) {
    counted += lines.ended(kStart + seconds(second)).size();
    written += allowed(lines, Owner::user(33), "rejected", 10, kStart + seconds(second));
  }
  CHECK(written == 90);
  CHECK(counted == 2);
  CHECK(texts(lines.all(kStart + seconds(180))) == std::vector<std::string>{"repeated event=rejected by=\"uid 33\" count=570 seconds=60"});
}

TEST_CASE("log limit: more peers than are remembered share one limit, and are counted") {
  PeerLines lines({.lines = 2, .window = seconds(60), .peers = 100});
  std::size_t written = 0;
  for (int uid = 0; uid < 5000; ++uid) written += allowed(lines, Owner::user(uid), "rejected", 1, kStart);
  CHECK(written == 102);
  CHECK(lines.peers() == 101);
  CHECK(texts(lines.all(kStart)) == std::vector<std::string>{"repeated event=rejected by=others count=4898 seconds=0"});
}

TEST_CASE("log watch: a log that is not read is given up after ten minutes, until it is read") {
  system::LogWatch watch;
  const std::uint64_t much = 20u << 20;
  CHECK_FALSE(watch.look({1000, 0}));
  int patient = 0;
  for (int second = 0; second < 3600; ++second) patient += watch.look({much, 0}) ? 0 : 1;
  CHECK(patient == 600);
  CHECK(watch.look({much, much - 1}));    // not all of it that waited then
  CHECK_FALSE(watch.look({much, much}));  // all of it, and as much again waits
  CHECK_FALSE(watch.look({0, 2 * much}));
}

TEST_CASE("log watch: a log that is full for hours is not given up while it is written") {
  system::LogWatch watch;
  const std::uint64_t much = 60u << 20;
  int given_up = 0;
  for (std::uint64_t second = 0; second < 7200; ++second) given_up += watch.look({much, second * (much / 500)}) ? 1 : 0;
  CHECK(given_up == 0);
}
