// Frames on the control socket.
#include "mta/host/control_wire.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace mxpress::mta::host {
namespace {

using Steady = std::chrono::steady_clock;  // of a blocking call, not of the simulation

Status wait_for(int socket, short events, Steady::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()).count();
    if (left <= 0) return Error::transient("timed out");
    pollfd descriptor{socket, events, 0};
    const int ready = ::poll(&descriptor, 1, static_cast<int>(left));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return Error::transient(std::strerror(errno));
  }
}

Status read_exactly(int socket, char* buffer, std::size_t size, Steady::time_point deadline) {
  for (std::size_t have = 0; have < size;) {
    if (Status status = wait_for(socket, POLLIN, deadline); !status) return status;
    const ssize_t got = ::recv(socket, buffer + have, size - have, MSG_DONTWAIT);
    if (got == 0) return Error::transient(have == 0 ? std::string(kConnectionClosed) : "connection closed in the middle of a message");
    if (got < 0 && errno != EAGAIN && errno != EINTR) return Error::transient(std::strerror(errno));
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return {};
}

Status write_all(int socket, std::string_view bytes, std::chrono::milliseconds patience) {
  while (!bytes.empty()) {
    if (Status status = wait_for(socket, POLLOUT, Steady::now() + patience); !status) return status;
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return Error::transient(std::strerror(errno));
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

}  // namespace

Result<std::string> read_frame(int socket, std::uint32_t limit, std::chrono::milliseconds patience) {
  const auto deadline = Steady::now() + patience;
  unsigned char head[4];
  if (Status status = read_exactly(socket, reinterpret_cast<char*>(head), sizeof head, deadline); !status) return status.error();
  const std::uint32_t size = std::uint32_t{head[0]} << 24 | std::uint32_t{head[1]} << 16 | std::uint32_t{head[2]} << 8 | head[3];
  if (size > limit) return Error::transient("a message of " + std::to_string(size) + " octets: that is not the protocol of mxpress");
  std::string body;
  // Grows with what really comes: a length alone costs no memory.
  constexpr std::size_t kPiece = 64 * 1024;
  while (body.size() < size) {
    const std::size_t have = body.size(), piece = std::min<std::size_t>(kPiece, size - have);
    body.resize(have + piece);
    if (Status status = read_exactly(socket, body.data() + have, piece, deadline); !status) return status.error();
  }
  return body;
}

Status write_frame(int socket, std::string_view body, std::chrono::milliseconds patience) {
  const auto size = static_cast<std::uint32_t>(body.size());
  std::string frame = {static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8), static_cast<char>(size)};
  frame.append(body);
  return write_all(socket, frame, patience);
}

}  // namespace mxpress::mta::host
