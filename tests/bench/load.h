// Shared by source, sink and commands of bench-load: options as text, the clock, sockets, output of times.
#pragma once
#include <sys/epoll.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mxpress::bench {

// Of the whole machine: programs compare each other's times.
using Nanoseconds = std::int64_t;
[[nodiscard]] Nanoseconds now();

// --key value pairs; a key that is not among `known` (key -> default) ends the program with the usage.
class Options {
 public:
  Options(int argc, char** argv, std::map<std::string, std::string> known);
  [[nodiscard]] const std::string& text(const std::string& key) const { return values_.at(key); }
  [[nodiscard]] std::size_t number(const std::string& key) const;
  // The arguments after "--".
  [[nodiscard]] const std::vector<std::string>& rest() const { return rest_; }

 private:
  std::map<std::string, std::string> values_;
  std::vector<std::string> rest_;
};

// Ends the program: `what` and the system's reason.
[[noreturn]] void fail(std::string_view what);

// Level-triggered; `tag` comes back with each event. An error of the system ends the program.
class Poll {
 public:
  Poll();
  void add(int descriptor, std::uint32_t events, void* tag);
  void change(int descriptor, std::uint32_t events, void* tag);
  // Waits at most this long; -1: without limit.
  [[nodiscard]] std::vector<epoll_event>& wait(int milliseconds);

 private:
  int descriptor_;
  std::vector<epoll_event> events_;
};

// 127.1.0.1:25 or unix:/path. Non-blocking, TCP_NODELAY.
[[nodiscard]] int start_connecting(const std::string& address);
[[nodiscard]] int listen_on(std::uint32_t address, std::uint16_t port);

// {"count":3,"p50":1.2,"p99":3.4,"max":3.4}; in milliseconds.
[[nodiscard]] std::string describe(std::vector<Nanoseconds> times);

// The 3 programs in one.
int run_source(const Options& options);
int run_sink(const Options& options);
int run_commands(const Options& options);

}  // namespace mxpress::bench
