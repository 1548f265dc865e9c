// Creates Unix sockets.
#include "mta/system/unix_listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <cerrno>
#include <cstring>

namespace mxpress::mta::system {
namespace {

constexpr mode_t kEverybody = 0666;

Descriptor new_socket() { return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

Result<sockaddr_un> address_of(const boost::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) return Error::permanent(path.string() + " is too long for a socket's name");
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  return address;
}

// True if another daemon serves this socket.
bool somebody_listens(const sockaddr_un& address) {
  const Descriptor probe = new_socket();
  if (!probe.is_open()) return true;
  const int refused = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return refused == 0 || (errno != ECONNREFUSED && errno != ENOENT);
}

// Removes a socket only if nobody listens on it.
Status clear_stale(const boost::filesystem::path& path, const sockaddr_un& address) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) return Error::permanent(path.string() + " is in the way and is no socket; move it");
  if (somebody_listens(address)) return Error::permanent("somebody listens at " + path.string() + " already: is another mxpressd running?");
  ::unlink(path.c_str());
  return {};
}

// The socket is created with its mode. A chmod() by name would run as root, in a folder of our user, who could redirect it
// elsewhere.
bool bind_for_everybody(int socket, const sockaddr_un& address) {
  const mode_t before = ::umask(0777 & ~kEverybody);
  const bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int code = errno;
  ::umask(before);
  errno = code;
  return bound;
}

}  // namespace

Result<Descriptor> listen_at(const boost::filesystem::path& path, int backlog) {
  const auto address = address_of(path);
  if (!address) return address.error();
  boost::system::error_code ignored;
  boost::filesystem::create_directories(path.parent_path(), ignored);  // if this failed bind() gives the reason
  if (const Status cleared = clear_stale(path, *address); !cleared) return cleared.error();
  Descriptor socket = new_socket();
  const bool bound = socket.is_open() && bind_for_everybody(socket.get(), *address);
  if (bound && ::listen(socket.get(), backlog) == 0) return socket;
  const Error error = Error::permanent("cannot listen at " + path.string() + ": " + std::strerror(errno));
  if (bound) ::unlink(path.c_str());
  return error;
}

}  // namespace mxpress::mta::system
