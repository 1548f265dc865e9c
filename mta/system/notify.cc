// Reports the state of the service to systemd (Type=notify).
#include "mta/system/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "proto/printable.h"

namespace mxpress::mta::system {
namespace {

void send_to(std::string_view path, std::string_view message) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path.front() == '@') address.sun_path[0] = '\0';  // abstract, see unix(7)
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  // A manager that does not listen is no failure of ours.
  (void)::sendto(descriptor, message.data(), message.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
  ::close(descriptor);
}

void notify(const std::string& message) {
  if (const char* path = std::getenv("NOTIFY_SOCKET")) send_to(path, message);
}

std::string status_line(std::string_view status) { return "STATUS=" + proto::printable(status, 500); }

}  // namespace

void notify_ready(std::string_view status) { notify("READY=1\n" + status_line(status)); }

void notify_status(std::string_view status) { notify(status_line(status)); }

void notify_reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);  // the protocol's own clock, not ours
  const auto microseconds = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
  notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void notify_stopping(std::string_view status) { notify("STOPPING=1\n" + status_line(status)); }

void notify_watchdog() { notify("WATCHDOG=1"); }

}  // namespace mxpress::mta::system
