// Reads systemd's description of passed sockets.
#include "mta/system/passed_sockets.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace mxpress::mta::system {
namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr long kMost = 64;

// 0 if there is none.
long number_of(const char* variable) {
  const char* const text = std::getenv(variable);
  const std::string_view all = text ? text : "";
  long number = 0;
  const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), number);
  return error == std::errc() && end == all.data() + all.size() ? number : 0;
}

// Removes the text before the next colon.
std::string next_name(std::string_view& names) {
  const auto end = std::min(names.find(':'), names.size());
  std::string name(names.substr(0, end));
  names.remove_prefix(std::min(end + 1, names.size()));
  return name;
}

}  // namespace

PassedSockets take_passed_sockets() {
  PassedSockets sockets;
  const long count = number_of("LISTEN_PID") == ::getpid() ? std::clamp(number_of("LISTEN_FDS"), 0L, kMost) : 0;
  const char* const text = std::getenv("LISTEN_FDNAMES");
  std::string_view names = text ? text : "";
  for (int number = kFirst; number < kFirst + count; ++number) {
    ::fcntl(number, F_SETFD, FD_CLOEXEC);
    ::fcntl(number, F_SETFL, O_NONBLOCK);
    sockets.push_back({next_name(names), Descriptor(number)});
  }
  for (const char* const variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(variable);
  return sockets;
}

}  // namespace mxpress::mta::system
