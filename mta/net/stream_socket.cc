// Streams over sockets of the system, in clear or, after start_tls_client(), over TLS.
#include "mta/net/stream_socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <memory>
#include <utility>

#include "dns/ip_address.h"
#include "mta/net/handshake_lane.h"
#include "mta/net/stream_error.h"
#include "mta/net/stream_watchdog.h"
#include "mta/net/tls_engine.h"
#include "mta/net/tls_sessions.h"

namespace mxpress::mta::net {
namespace {

using boost::system::error_code;
using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
using Step = TlsEngine::Step;

constexpr std::chrono::seconds kAnswerToHello(10);
constexpr std::size_t kTlsPiece = 64 * 1024;  // octets of content that are encrypted at once

class SocketStream final : public Stream {
 public:
  SocketStream(Socket socket, std::optional<ClientTls> client)
      : socket_(std::move(socket)), client_(std::move(client)), watchdog_(socket_.get_executor(), [this] { cancel(); }) {}
  ~SocketStream() override { close(); }

  void set_deadline(BootTime deadline) override { watchdog_.set_deadline(deadline_ = deadline); }
  Task<Result<std::size_t>> read_some(char* buffer, std::size_t size) override;
  std::size_t write_at_once(std::string_view bytes) override;
  Task<Status> write(std::string_view bytes) override;
  Task<Status> start_tls_client(std::string server_name, TlsOffer offer) override;
  void show_certificate(std::shared_ptr<const ClientCertificate> certificate) override { certificate_ = std::move(certificate); }
  const TlsState& tls() const override { return tls_state_; }
  std::string tls_binding() const override { return tls_ ? tls_->channel_binding() : std::string(); }
  std::string local_address() const override;
  bool has_input() override;
  void close() override;

 private:
  void cancel() {
    error_code ignored;
    socket_.cancel(ignored);
  }
  Error error_of(const error_code& code) const { return watchdog_.has_barked() ? StreamWatchdog::timed_out() : network_error(code); }

  Task<Result<std::size_t>> read_tls(char* buffer, std::size_t size);
  Task<Status> write_clear(std::string_view bytes);
  Task<Status> write_tls(std::string_view bytes);
  Task<Status> shake_hands(TlsOffer offer);
  Task<Result<Step>> next_step(TlsOffer offer);
  Task<Status> send_output();
  // Returns false if the peer has closed.
  Task<Result<bool>> take_input();

  std::optional<TlsTicket> take_ticket(TlsOffer offer);
  void keep_ticket();

  Socket socket_;
  std::optional<ClientTls> client_;
  std::shared_ptr<const ClientCertificate> certificate_;
  std::shared_ptr<TlsEngine> tls_;  // shared with the handshake lane; null without TLS
  bool was_refused_by_lane_ = false;
  bool is_silent_ = false;  // the peer has not answered our first message
  BootTime deadline_ = BootTime::max();
  TlsState tls_state_;
  StreamWatchdog watchdog_;
};

Task<Result<std::size_t>> SocketStream::read_some(char* buffer, std::size_t size) {
  const StreamWatchdog::Guard guard(watchdog_);
  if (watchdog_.is_overdue()) co_return StreamWatchdog::timed_out();
  if (tls_) co_return co_await read_tls(buffer, size);
  error_code code;
  const std::size_t count = co_await socket_.async_read_some(asio::buffer(buffer, size), asio::redirect_error(use_task, code));
  if (code == asio::error::eof) co_return std::size_t{0};
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
  if (tls_) co_return co_await write_tls(bytes);
  co_return co_await write_clear(bytes);
}

Task<Status> SocketStream::write_clear(std::string_view bytes) {
  error_code code;
  co_await asio::async_write(socket_, asio::buffer(bytes), asio::redirect_error(use_task, code));
  if (code) co_return error_of(code);
  co_return Status();
}

Task<Result<std::size_t>> SocketStream::read_tls(char* buffer, std::size_t size) {
  while (true) {
    std::size_t count = 0;
    const Step step = tls_->read({buffer, size}, count);
    keep_ticket();
    if (step == Step::done) co_return count;
    const Status sent = co_await send_output();  // an alert with the reason, or a key update
    if (step == Step::failed) co_return Error::transient(tls_->words());
    if (!sent.ok()) co_return sent.error();
    const Result<bool> more = co_await take_input();
    if (!more.ok()) co_return more.error();
    if (!*more) co_return std::size_t{0};
  }
}

Task<Status> SocketStream::write_tls(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kTlsPiece);
    if (tls_->write(piece) != Step::done) co_return Error::transient(tls_->words());
    if (const Status sent = co_await send_output(); !sent.ok()) co_return sent;
    bytes.remove_prefix(piece.size());
  }
  co_return Status();
}

Task<Status> SocketStream::start_tls_client(std::string server_name, TlsOffer offer) {
  const StreamWatchdog::Guard guard(watchdog_);
  if (!client_) co_return Error::permanent("TLS is for connections to mail hosts");
  if (watchdog_.is_overdue()) co_return StreamWatchdog::timed_out();
  const std::optional<TlsTicket> ticket = take_ticket(offer);
  tls_ = std::make_shared<TlsEngine>(offer, std::move(server_name), client_->policy, certificate_.get(), ticket ? &*ticket : nullptr);
  is_silent_ = true;
  watchdog_.set_deadline(std::min(deadline_, BootClock::now() + kAnswerToHello));
  const Status done = co_await shake_hands(offer);
  tls_state_ = tls_->state();
  HandshakeFailure& failure = tls_state_.handshake;
  if (is_silent_ && watchdog_.has_barked()) failure = HandshakeFailure::silent;
  const bool is_vague = failure == HandshakeFailure::none || failure == HandshakeFailure::silent || failure == HandshakeFailure::other;
  if (!done.ok() && ticket && is_vague) failure = HandshakeFailure::resumed;
  if (was_refused_by_lane_) failure = HandshakeFailure::not_now;
  keep_ticket();
  co_return done;
}

std::optional<TlsTicket> SocketStream::take_ticket(TlsOffer offer) {
  if (!client_->sessions || certificate_) return std::nullopt;
  return client_->sessions->take(client_->peer, offer, BootClock::now());
}

void SocketStream::keep_ticket() {
  if (!client_ || !client_->sessions || certificate_ || !tls_state_.active()) return;
  while (auto ticket = tls_->take_ticket(BootClock::now())) client_->sessions->keep(client_->peer, std::move(*ticket));
}

Task<Status> SocketStream::shake_hands(TlsOffer offer) {
  while (true) {
    const Result<Step> step = co_await next_step(offer);
    if (!step.ok()) co_return step.error();
    const Status sent = co_await send_output();
    if (*step == Step::failed) co_return Error::transient(tls_->words());
    if (!sent.ok()) co_return sent.error();
    if (*step == Step::done) co_return Status();
    const Result<bool> more = co_await take_input();
    if (!more.ok()) co_return more.error();
    if (!*more) co_return Error::transient("connection closed");
    if (std::exchange(is_silent_, false)) watchdog_.set_deadline(deadline_);
  }
}

Task<Result<Step>> SocketStream::next_step(TlsOffer offer) {
  HandshakeLane* const lane = client_->lane;
  if (!lane || offer != TlsOffer::large_dh) co_return tls_->handshake();
  const Result<Step> step = co_await lane->run([engine = tls_] { return engine->handshake(); });
  was_refused_by_lane_ = !step.ok();
  if (watchdog_.is_overdue()) co_return StreamWatchdog::timed_out();
  co_return step;
}

Task<Status> SocketStream::send_output() {
  const std::string output = tls_->take_output();
  if (output.empty()) co_return Status();
  co_return co_await write_clear(output);
}

Task<Result<bool>> SocketStream::take_input() {
  const std::span<char> space = tls_->input_space();
  error_code code;
  const std::size_t count =
      co_await socket_.async_read_some(asio::buffer(space.data(), space.size()), asio::redirect_error(use_task, code));
  if (code == asio::error::eof) co_return false;
  if (code) co_return error_of(code);
  tls_->input_arrived(count);
  co_return true;
}

bool SocketStream::has_input() {
  if (tls_ && tls_->has_unread()) return true;
  char octet;
  const ssize_t count = ::recv(socket_.native_handle(), &octet, 1, MSG_PEEK | MSG_DONTWAIT);
  return count >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

std::string SocketStream::local_address() const {
  error_code code;
  const auto endpoint = socket_.local_endpoint(code);
  const auto address = code ? std::nullopt : dns::from_system(endpoint.data());
  return address ? address->to_string() : std::string();
}

void SocketStream::close() {
  watchdog_.stop();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace

std::unique_ptr<Stream> make_tcp_stream(TcpSocket socket, std::optional<ClientTls> tls) {
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  return std::make_unique<SocketStream>(Socket(std::move(socket)), std::move(tls));
}

std::unique_ptr<Stream> make_unix_stream(UnixSocket socket) {
  return std::make_unique<SocketStream>(Socket(std::move(socket)), std::nullopt);
}

}  // namespace mxpress::mta::net
