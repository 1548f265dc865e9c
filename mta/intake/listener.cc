// Binds the daemon's sockets.
#include "mta/intake/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <boost/filesystem/operations.hpp>
#include <cerrno>
#include <cstring>

#include "mta/host/endpoint.h"
#include "mta/intake/peer.h"

namespace mxpress::mta::intake {
namespace {

using host::Endpoint;

constexpr int kBacklog = 512;
constexpr mode_t kEverybody = 0666;

std::string errno_words() { return std::strerror(errno); }

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress to_socket_address(const Endpoint& endpoint) {
  SocketAddress result;
  if (endpoint.address.is_v6) {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint.port);
    std::memcpy(&v6->sin6_addr, endpoint.address.bytes.data(), 16);
    result.size = sizeof *v6;
  } else {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&result.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(endpoint.port);
    std::memcpy(&v4->sin_addr, endpoint.address.bytes.data(), 4);
    result.size = sizeof *v4;
  }
  return result;
}

std::uint16_t bound_port(int socket) {
  SocketAddress own;
  own.size = sizeof own.storage;
  if (::getsockname(socket, own.get(), &own.size) != 0) return 0;
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&own.storage);  // the port has the same place for both families
  return ntohs(v4->sin_port);
}

std::string bind_error(const std::string& text, std::uint16_t port, int code) {
  std::string message = "cannot listen on " + text + ": " + std::strerror(code);
  if (code == EADDRINUSE) {
    const std::string who = listener_of_port(port);
    message += (who.empty() ? std::string() : ", by " + who) + "; stop it and restart mxpress, or choose another port with [listen] smtp";
  } else if (code == EACCES) {
    message += "; ports below 1024 need root, CAP_NET_BIND_SERVICE, or another port with [listen] smtp";
  }
  return message;
}

bool family_is_missing() { return errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL; }

// Nothing, with errno set, if the system refuses.
host::Descriptor bind_tcp(const Endpoint& endpoint) {
  host::Descriptor socket(::socket(endpoint.address.is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return {};
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (endpoint.address.is_v6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  SocketAddress address = to_socket_address(endpoint);
  if (::bind(socket.get(), address.get(), address.size) != 0 || ::listen(socket.get(), kBacklog) != 0) return {};
  return socket;
}

Status open_smtp(const Config& config, const std::string& text, Listeners& listeners) {
  const auto endpoint = host::parse_endpoint(text);
  if (!endpoint.ok()) return endpoint.error();
  if (!dns::is_loopback(endpoint->address) && config.listen.allow.empty()) {
    return Error::permanent("[listen] smtp has " + text +
                            ", which others can reach: name the networks that may send through this host in [listen] allow");
  }
  host::Descriptor socket = bind_tcp(*endpoint);
  if (socket.is_open()) {
    const std::uint16_t port = bound_port(socket.get());
    listeners.smtp.push_back({std::move(socket), endpoint->address, port});
    return {};
  }
  const int code = errno;
  if (code == EADDRINUSE) {
    listeners.troubles.push_back(bind_error(text, endpoint->port, code) + ". Mail of sendmail is taken and delivered all the same");
    return {};
  }
  errno = code;
  if (!config.listen.smtp_is_default || !family_is_missing()) return Error::permanent(bind_error(text, endpoint->port, code));
  listeners.warnings.push_back("not listening on " + text + ": " + errno_words());
  return {};
}

Result<sockaddr_un> unix_address(const boost::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) return Error::permanent(path.string() + " is too long for a socket's name");
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  return address;
}

// Whether another daemon serves this socket.
bool somebody_listens(const sockaddr_un& address) {
  const host::Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int refused = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return refused == 0 || (errno != ECONNREFUSED && errno != ENOENT);
}

// Only a socket that nobody listens on makes room.
Status clear_stale(const boost::filesystem::path& path, const sockaddr_un& address) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) return Error::permanent(path.string() + " is in the way and is no socket; move it");
  if (somebody_listens(address)) return Error::permanent("another mxpressd listens on " + path.string());
  ::unlink(path.c_str());
  return {};
}

// The socket is born with its mode. A chmod() by name would be root's, in a folder of our user: whoever is that user could lead it
// elsewhere.
bool bind_for_everybody(int socket, const sockaddr_un& address) {
  const mode_t before = ::umask(0777 & ~kEverybody);
  const bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int code = errno;
  ::umask(before);
  errno = code;
  return bound;
}

Status open_submission(const Config& config, Listeners& listeners) {
  const boost::filesystem::path& path = config.listen.submission_socket;
  const auto address = unix_address(path);
  if (!address.ok()) return address.error();
  boost::system::error_code ignored;
  boost::filesystem::create_directories(path.parent_path(), ignored);  // bind() tells the reason if this failed
  if (Status cleared = clear_stale(path, *address); !cleared.ok()) return cleared;
  host::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto refused = [&path] { return Error::permanent("cannot listen on " + path.string() + ": " + errno_words()); };
  if (!socket.is_open() || !bind_for_everybody(socket.get(), *address)) return refused();
  listeners.submission_file = SocketFile(path);
  if (::listen(socket.get(), kBacklog) != 0) return refused();
  listeners.submission = std::move(socket);
  return {};
}

}  // namespace

void SocketFile::remove() {
  if (!path_.empty()) ::unlink(path_.c_str());
  path_.clear();
}

Result<Listeners> open_listeners(const Config& config) {
  Listeners listeners;
  for (const std::string& text : config.listen.smtp) {
    if (Status opened = open_smtp(config, text, listeners); !opened.ok()) return opened.error();
  }
  if (Status opened = open_submission(config, listeners); !opened.ok()) return opened.error();
  return listeners;
}

}  // namespace mxpress::mta::intake
