// Binds the daemon's sockets.
#include "mta/intake/listener.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>

#include "dns/ip_address.h"
#include "mta/config/endpoint.h"
#include "mta/intake/peer.h"
#include "mta/system/unix_listener.h"
#include "proto/printable.h"

namespace mxpress::mta::intake {
namespace {

using boost::asio::ip::tcp;
using config::Endpoint;

constexpr int kBacklog = 512;
constexpr std::string_view kSmtpSockets = "smtp", kLocalSockets = "local";  // FileDescriptorName= of etc/*.socket

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

// Returns an empty descriptor, with errno set, if the system refuses.
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

Status check_reach(const Config& config, const dns::Address& address, const std::string& shown) {
  if (dns::is_loopback(address) || !config.listen.allow.empty()) return {};
  return Error::permanent(shown + ", which others can reach: name the networks that may send through this host in [listen] allow");
}

Status open_smtp(const Config& config, const std::string& text, Listeners& listeners) {
  const auto endpoint = config::parse_endpoint(text);
  if (!endpoint.ok()) return endpoint.error();
  if (Status status = check_reach(config, endpoint->address, "[listen] smtp has " + text); !status) return status;
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

int option_of(int socket, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

bool is_stream_listener(int socket) { return option_of(socket, SO_ACCEPTCONN) == 1 && option_of(socket, SO_TYPE) == SOCK_STREAM; }

Error not_ours(const system::PassedSocket& passed, const std::string& what) {
  return Error::permanent("systemd passes a socket \"" + proto::printable(passed.name, 100) + "\" " + what);
}

Status take_smtp(const Config& config, system::PassedSocket& passed, Listeners& listeners) {
  const int family = option_of(passed.socket.get(), SO_DOMAIN);
  tcp::endpoint own;
  auto size = static_cast<socklen_t>(own.capacity());
  if ((family != AF_INET && family != AF_INET6) || ::getsockname(passed.socket.get(), own.data(), &size) != 0)
    return not_ours(passed, "that is none of TCP");
  own.resize(size);
  const dns::Address address = dns::from_asio(own.address());
  if (Status status = check_reach(config, address, "systemd listens on " + address.to_string()); !status) return status;
  listeners.smtp.push_back({std::move(passed.socket), address, own.port()});
  return {};
}

// The path of a unix socket; empty if it has none.
std::string path_of(int socket) {
  sockaddr_un address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0 || address.sun_family != AF_UNIX) return {};
  return std::string(address.sun_path, ::strnlen(address.sun_path, sizeof address.sun_path));
}

Status take_local(const Config& config, system::PassedSocket& passed, Listeners& listeners) {
  const std::string path = path_of(passed.socket.get());
  if (path == config.listen.submission_socket) return listeners.submission = std::move(passed.socket), Status();
  if (path == config.listen.control_socket) return listeners.control = std::move(passed.socket), Status();
  return not_ours(passed, "at \"" + proto::printable(path, 200) + "\", which is neither submission_socket nor control_socket of [listen]");
}

Status take_passed(const Config& config, system::PassedSocket& passed, Listeners& listeners) {
  if (!is_stream_listener(passed.socket.get())) return not_ours(passed, "that does not listen");
  if (passed.name == kSmtpSockets) return take_smtp(config, passed, listeners);
  if (passed.name == kLocalSockets) return take_local(config, passed, listeners);
  return not_ours(passed, "whose name is neither smtp nor local (FileDescriptorName=)");
}

}  // namespace

void SocketFile::remove() {
  if (!path_.empty()) ::unlink(path_.c_str());
  path_.clear();
}

Result<Listeners> open_listeners(const Config& config, system::PassedSockets passed) {
  Listeners listeners;
  for (system::PassedSocket& socket : passed)
    if (Status taken = take_passed(config, socket, listeners); !taken.ok()) return taken.error();
  if (!listeners.smtp.empty() && !config.listen.smtp_is_default)
    listeners.warnings.push_back("[listen] smtp is not used: systemd has opened the ports, as mxpress-smtp.socket says");
  const bool is_passed = !listeners.smtp.empty();
  for (const std::string& text : config.listen.smtp) {
    if (is_passed) break;
    if (Status opened = open_smtp(config, text, listeners); !opened.ok()) return opened.error();
  }
  if (listeners.submission.is_open()) return listeners;
  if (Status opened = open_submission(config, listeners); !opened.ok()) return opened.error();
  return listeners;
}

}  // namespace mxpress::mta::intake
