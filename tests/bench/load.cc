// See load.h.
#include "tests/bench/load.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mxpress::bench {

namespace {

constexpr std::size_t kEventsAtOnce = 256;

sockaddr_in ipv4(std::uint32_t address, std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(address);
  return name;
}

int open_socket(int family) {
  const int descriptor = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  const int on = 1;
  if (family == AF_INET) ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

int start_connecting_unix(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  const int descriptor = open_socket(AF_UNIX);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 && errno != EINPROGRESS) fail(path);
  return descriptor;
}

}  // namespace

Nanoseconds now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

void fail(std::string_view what) {
  std::fprintf(stderr, "bench-load: %.*s: %s\n", static_cast<int>(what.size()), what.data(), std::strerror(errno));
  std::exit(1);
}

Options::Options(int argc, char** argv, std::map<std::string, std::string> known) : values_(std::move(known)) {
  for (int i = 0; i < argc; i += 2) {
    const std::string key = argv[i];
    if (key == "--") {
      rest_.assign(argv + i + 1, argv + argc);
      return;
    }
    const auto found = key.starts_with("--") ? values_.find(key.substr(2)) : values_.end();
    if (found == values_.end() || i + 1 == argc) {
      std::fprintf(stderr, "bench-load: %s: unknown, or without a value\n", key.c_str());
      std::exit(64);
    }
    found->second = argv[i + 1];
  }
}

std::size_t Options::number(const std::string& key) const { return std::strtoull(text(key).c_str(), nullptr, 10); }

Poll::Poll() : descriptor_(::epoll_create1(EPOLL_CLOEXEC)) {}

void Poll::add(int descriptor, std::uint32_t events, void* tag) {
  epoll_event event{.events = events, .data = {.ptr = tag}};
  if (::epoll_ctl(descriptor_, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll_ctl");
}

void Poll::change(int descriptor, std::uint32_t events, void* tag) {
  epoll_event event{.events = events, .data = {.ptr = tag}};
  if (::epoll_ctl(descriptor_, EPOLL_CTL_MOD, descriptor, &event) != 0) fail("epoll_ctl");
}

std::vector<epoll_event>& Poll::wait(int milliseconds) {
  events_.resize(kEventsAtOnce);
  const int count = ::epoll_wait(descriptor_, events_.data(), static_cast<int>(events_.size()), milliseconds);
  if (count < 0 && errno != EINTR) fail("epoll_wait");
  events_.resize(static_cast<std::size_t>(std::max(count, 0)));
  return events_;
}

int start_connecting(const std::string& address) {
  if (address.starts_with("unix:")) return start_connecting_unix(address.substr(5));
  const auto colon = address.find(':');
  const auto name = ipv4(ntohl(::inet_addr(address.substr(0, colon).c_str())), static_cast<std::uint16_t>(std::atoi(&address[colon + 1])));
  const int descriptor = open_socket(AF_INET);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 && errno != EINPROGRESS) fail(address);
  return descriptor;
}

int listen_on(std::uint32_t address, std::uint16_t port) {
  const int descriptor = open_socket(AF_INET), on = 1;
  const auto name = ipv4(address, port);
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) fail("bind");
  if (::listen(descriptor, SOMAXCONN) != 0) fail("listen");
  return descriptor;
}

std::string describe(std::vector<Nanoseconds> times) {
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    const auto index = static_cast<std::size_t>(share * static_cast<double>(times.size()));
    return times.empty() ? 0.0 : static_cast<double>(times[std::min(index, times.size() - 1)]) / 1e6;
  };
  char text[160];
  std::snprintf(text, sizeof text, R"({"count":%zu,"p50":%.3f,"p99":%.3f,"max":%.3f})", times.size(), at(0.5), at(0.99), at(1));
  return text;
}

}  // namespace mxpress::bench
