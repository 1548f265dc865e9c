// Relays SMTP.
#include "mta/cli/sendmail_relay.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "mta/cli/sendmail_daemon.h"

namespace mxpress::mta::cli {
namespace {

using proto::ExitCode;

bool write_stdout(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

enum class Moved { some, end, failed };

template <class Write>
Moved move(int from, Write write) {
  char buffer[16 * 1024];
  const ssize_t size = ::read(from, buffer, sizeof buffer);
  if (size < 0) return errno == EINTR || errno == EAGAIN ? Moved::some : Moved::failed;
  if (size == 0) return Moved::end;
  return write(std::string_view(buffer, static_cast<std::size_t>(size))) ? Moved::some : Moved::failed;
}

}  // namespace

ExitStatus relay_smtp(const SendmailSettings& settings) {
  const int socket = connect_submission(settings.submission_socket);
  if (socket < 0) {
    write_stdout("421 4.3.2 mxpressd is not running\r\n");
    return {ExitCode::try_later, "mxpressd is not running: " + settings.submission_socket + ": " + std::strerror(errno)};
  }
  pollfd ends[2] = {{STDIN_FILENO, POLLIN, 0}, {socket, POLLIN, 0}};
  while (true) {
    if (::poll(ends, 2, -1) < 0 && errno != EINTR) break;
    if (ends[0].revents) {
      const Moved moved = move(STDIN_FILENO, [socket](std::string_view bytes) { return write_all(socket, bytes); });
      if (moved == Moved::failed) break;
      if (moved == Moved::end) {
        ::shutdown(socket, SHUT_WR);
        ends[0].fd = -1;  // poll() skips it; the daemon's last replies still arrive
      }
    }
    if (ends[1].revents && move(socket, write_stdout) != Moved::some) break;
  }
  ::close(socket);
  return {};
}

}  // namespace mxpress::mta::cli
