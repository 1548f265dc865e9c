// Streams over sockets of the system, in clear or, after start_tls_client(), over TLS.
#include "mta/smtp/stream_socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <optional>

#include "mta/smtp/stream_error.h"
#include "mta/smtp/stream_watchdog.h"
#include "mta/smtp/tls.h"

namespace mxpress::mta::smtp {
namespace {

using boost::system::error_code;
using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
using TlsStream = asio::ssl::stream<Socket&>;

class SocketStream final : public Stream {
 public:
  explicit SocketStream(Socket socket) : socket_(std::move(socket)), watchdog_(socket_.get_executor(), [this] { cancel(); }) {}
  ~SocketStream() override { close(); }

  void set_deadline(BootTime deadline) override { watchdog_.set_deadline(deadline); }
  Task<Result<std::size_t>> read_some(char* buffer, std::size_t size) override;
  std::size_t write_at_once(std::string_view bytes) override;
  Task<Status> write(std::string_view bytes) override;
  Task<Status> start_tls_client(std::string server_name) override;
  const TlsState& tls() const override { return tls_state_; }
  bool has_input() override;
  void close() override;

 private:
  void cancel() {
    error_code ignored;
    socket_.cancel(ignored);
  }
  Error error_of(const error_code& code) const { return watchdog_.has_barked() ? StreamWatchdog::timed_out() : network_error(code); }

  Socket socket_;
  std::optional<TlsStream> tls_;
  TlsState tls_state_;
  StreamWatchdog watchdog_;
};

Task<Result<std::size_t>> SocketStream::read_some(char* buffer, std::size_t size) {
  const StreamWatchdog::Guard guard(watchdog_);
  if (watchdog_.is_overdue()) co_return StreamWatchdog::timed_out();
  error_code code;
  std::size_t count = 0;
  if (tls_) {
    count = co_await tls_->async_read_some(asio::buffer(buffer, size), asio::redirect_error(use_task, code));
  } else {
    count = co_await socket_.async_read_some(asio::buffer(buffer, size), asio::redirect_error(use_task, code));
  }
  if (code == asio::error::eof || code == asio::ssl::error::stream_truncated) co_return std::size_t{0};
  if (code) co_return error_of(code);
  co_return count;
}

std::size_t SocketStream::write_at_once(std::string_view bytes) {
  if (tls_ || watchdog_.is_overdue()) return 0;
  const ssize_t count = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return static_cast<std::size_t>(std::max<ssize_t>(count, 0));
}

Task<Status> SocketStream::write(std::string_view bytes) {
  const StreamWatchdog::Guard guard(watchdog_);
  if (watchdog_.is_overdue()) co_return StreamWatchdog::timed_out();
  error_code code;
  if (tls_) {
    co_await asio::async_write(*tls_, asio::buffer(bytes), asio::redirect_error(use_task, code));
  } else {
    co_await asio::async_write(socket_, asio::buffer(bytes), asio::redirect_error(use_task, code));
  }
  if (code) co_return error_of(code);
  co_return Status();
}

Task<Status> SocketStream::start_tls_client(std::string server_name) {
  const StreamWatchdog::Guard guard(watchdog_);
  if (watchdog_.is_overdue()) co_return StreamWatchdog::timed_out();
  tls_.emplace(socket_, client_tls_context());
  prepare_tls_client(tls_->native_handle(), server_name);
  error_code code;
  co_await tls_->async_handshake(asio::ssl::stream_base::client, asio::redirect_error(use_task, code));
  if (code) co_return error_of(code);
  tls_state_ = describe_tls(tls_->native_handle());
  co_return Status();
}

bool SocketStream::has_input() {
  char octet;
  const ssize_t count = ::recv(socket_.native_handle(), &octet, 1, MSG_PEEK | MSG_DONTWAIT);
  return count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void SocketStream::close() {
  watchdog_.stop();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace

std::unique_ptr<Stream> make_tcp_stream(TcpSocket socket) {
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  return std::make_unique<SocketStream>(Socket(std::move(socket)));
}

std::unique_ptr<Stream> make_unix_stream(UnixSocket socket) { return std::make_unique<SocketStream>(Socket(std::move(socket))); }

}  // namespace mxpress::mta::smtp
