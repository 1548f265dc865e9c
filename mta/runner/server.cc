// The runner's socket.
#include "mta/runner/server.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "mta/runner/protocol.h"
#include "mta/system/log.h"
#include "queue/start_thread.h"

namespace mxpress::mta::runner {
namespace {

constexpr std::chrono::milliseconds kPause(100);  // after a failed accept, for example without free descriptors

std::optional<uid_t> user_of(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  return credentials.uid;
}

}  // namespace

RunnerServer::RunnerServer(system::Descriptor listener, int stop, const Service& service)
    : listener_(std::move(listener)), stop_(stop), service_(service) {}

void RunnerServer::serve() {
  for (;;) {
    pollfd waits[] = {{listener_.get(), POLLIN, 0}, {stop_, POLLIN, 0}};
    if (::poll(waits, 2, 1000) < 0 && errno != EINTR) break;
    if (waits[1].revents != 0) break;
    reap();
    if (waits[0].revents != 0) accept_one();
  }
  for (const Connection& connection : connections_) ::shutdown(connection.socket.get(), SHUT_RD);
  for (Connection& connection : connections_) connection.thread.join();
  connections_.clear();
}

void RunnerServer::reap() {
  for (Connection& connection : connections_)
    if (connection.has_ended) connection.thread.join();
  connections_.remove_if([](const Connection& connection) { return !connection.thread.joinable(); });
}

// A client that may not ask, or finds no room, takes no thread.
void RunnerServer::accept_one() {
  system::Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.is_open()) {
    if (errno != EINTR && errno != ECONNABORTED && errno != EAGAIN) std::this_thread::sleep_for(kPause);
    return;
  }
  const auto uid = user_of(socket.get());
  if (!uid || !service_.may_ask(*uid))
    return service_.refuse(socket.get(), "only root and the user of mxpressd (user in the configuration) may ask mxpress-runner");
  if (connections_.size() >= kMostAtOnce)
    return service_.refuse(socket.get(), "mxpress-runner runs " + std::to_string(kMostAtOnce) + " commands already");
  Connection& connection = connections_.emplace_back();
  connection.socket = std::move(socket);
  auto thread = queue::start_thread([this, &connection] {
    try {
      service_.answer(connection.socket.get(), stop_);
    } catch (const std::exception& bug) {
      log(LogLine(Priority::error, "request-failed").add("why", bug.what()));
    }
    ::shutdown(connection.socket.get(), SHUT_RDWR);
    connection.has_ended = true;
  });
  if (thread) {
    connection.thread = std::move(*thread);
    return;
  }
  service_.refuse(connection.socket.get(), thread.error().message);
  connections_.pop_back();
}

}  // namespace mxpress::mta::runner
