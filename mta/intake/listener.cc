// Binds the daemon's sockets.
#include "mta/intake/listener.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>

#include "dns/ip_address.h"
#include "mta/config/endpoint.h"
#include "mta/intake/peer.h"
#include "mta/system/unix_listener.h"

namespace mxpress::mta::intake {
namespace {

using boost::asio::ip::tcp;
using config::Endpoint;

constexpr int kBacklog = 512;

std::string errno_words() { return std::strerror(errno); }

std::uint16_t bound_port(int socket) {
  tcp::endpoint own;
  auto size = static_cast<socklen_t>(own.capacity());
  return ::getsockname(socket, own.data(), &size) == 0 ? own.port() : 0;
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
system::Descriptor bind_tcp(const Endpoint& endpoint) {
  system::Descriptor socket(::socket(endpoint.address.is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return {};
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (endpoint.address.is_v6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  const auto address = dns::endpoint_of<tcp>(endpoint.address, endpoint.port);
  if (::bind(socket.get(), address.data(), static_cast<socklen_t>(address.size())) != 0 || ::listen(socket.get(), kBacklog) != 0) return {};
  return socket;
}

Status open_smtp(const Config& config, const std::string& text, Listeners& listeners) {
  const auto endpoint = config::parse_endpoint(text);
  if (!endpoint.ok()) return endpoint.error();
  if (!dns::is_loopback(endpoint->address) && config.listen.allow.empty()) {
    return Error::permanent("[listen] smtp has " + text +
                            ", which others can reach: name the networks that may send through this host in [listen] allow");
  }
  system::Descriptor socket = bind_tcp(*endpoint);
  if (socket.is_open()) {
    const std::uint16_t port = bound_port(socket.get());
    listeners.smtp.push_back({std::move(socket), endpoint->address, port});
    return {};
  }
  const int code = errno;
  if (code == EADDRINUSE) {
    listeners.failures.push_back(bind_error(text, endpoint->port, code) + ". Mail of sendmail is taken and delivered all the same");
    return {};
  }
  errno = code;
  if (!config.listen.smtp_is_default || !family_is_missing()) return Error::permanent(bind_error(text, endpoint->port, code));
  listeners.warnings.push_back("not listening on " + text + ": " + errno_words());
  return {};
}

Status open_submission(const Config& config, Listeners& listeners) {
  auto socket = system::listen_at(config.listen.submission_socket, kBacklog);
  if (!socket) return socket.error();
  listeners.submission_file = SocketFile(config.listen.submission_socket);
  listeners.submission = std::move(*socket);
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
