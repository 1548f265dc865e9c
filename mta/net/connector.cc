// Opens TCP connections to mail hosts.
#include "mta/net/connector.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <cerrno>

#include "dns/ip_address.h"
#include "mta/net/stream_error.h"
#include "mta/net/stream_socket.h"
#include "mta/net/stream_watchdog.h"
#include "proto/network_words.h"

namespace mxpress::mta::net {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

Error connect_timed_out(BootClock::duration waited) {
  return Error::transient(std::string(proto::kConnectionTimedOut) + " after " +
                          std::to_string(std::chrono::ceil<std::chrono::seconds>(waited).count()) + " s");
}

// The port is chosen at connect time: otherwise a port in use by another connection could not be shared (ip(7)).
void bind_to(TcpSocket& socket, const dns::Address& source, error_code& code) {
  const int yes = 1;
  ::setsockopt(socket.native_handle(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  socket.bind(dns::endpoint_of<tcp>(source, 0), code);
}

Error no_such_source(const dns::Address& source, const error_code& code) {
  if (code.value() != EADDRNOTAVAIL && code.value() != EAFNOSUPPORT && code.value() != EINVAL) return network_error(code);
  return Error::transient("this host has no address " + source.to_string() + ", which the route says to connect from");
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> TcpConnector::connect(dns::Target target, net::TlsPolicy policy, std::optional<dns::Address> source,
                                                            BootTime deadline) {
  if (target.is_unix_socket()) co_return co_await connect_unix(std::move(target.host), deadline);
  const BootTime start = BootClock::now();
  const tcp::endpoint endpoint = dns::endpoint_of<tcp>(target.address, target.port);
  TcpSocket socket(executor_);
  error_code code;
  socket.open(endpoint.protocol(), code);
  const bool is_open = !code;
  if (source && is_open) bind_to(socket, *source, code);
  if (code) {
    co_await asio::post(executor_, use_task);  // a caller that makes many attempts must not do so in one stack
    co_return is_open ? no_such_source(*source, code) : network_error(code);
  }
  StreamWatchdog watchdog(executor_, [&socket] {
    error_code ignored;
    socket.close(ignored);
  });
  watchdog.set_deadline(deadline);
  {
    const StreamWatchdog::Guard guard(watchdog);
    co_await socket.async_connect(endpoint, asio::redirect_error(use_task, code));
  }
  if (watchdog.has_barked()) co_return connect_timed_out(deadline - start);
  if (code) co_return network_error(code);
  const TlsPeer peer(target, policy);
  co_return make_tcp_stream(std::move(socket), ClientTls{std::move(policy), peer, lane_, sessions_});
}

// A listener with a full backlog makes the connection wait, like a host on the network.
Task<Result<std::unique_ptr<Stream>>> TcpConnector::connect_unix(std::string path, BootTime deadline) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) co_return Error::transient(path + " is too long for a socket's name");
  const BootTime start = BootClock::now();
  UnixSocket socket(executor_);
  StreamWatchdog watchdog(executor_, [&socket] {
    error_code ignored;
    socket.close(ignored);
  });
  watchdog.set_deadline(deadline);
  error_code code;
  {
    const StreamWatchdog::Guard guard(watchdog);
    co_await socket.async_connect(asio::local::stream_protocol::endpoint(path), asio::redirect_error(use_task, code));
  }
  if (watchdog.has_barked()) co_return connect_timed_out(deadline - start);
  if (code) co_return network_error(code);
  co_return make_unix_stream(std::move(socket));
}

}  // namespace mxpress::mta::net
