// A mail host of the tests on a real port, with real TLS.
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <optional>

#include "mta/net/stream_error.h"
#include "mta/net/stream_socket.h"
#include "tests/support/mail_host.h"
#include "tests/support/tls_server.h"

namespace mxpress::testing {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using mta::net::Stream;
using mta::net::TcpSocket;
using mta::net::TlsState;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;

// The server's end, with the server's side of a handshake.
class ServerStream final : public Stream {
 public:
  ServerStream(TcpSocket socket, asio::ssl::context& context) : socket_(std::move(socket)), context_(context) {}

  void set_deadline(BootTime) override {}
  Task<Result<std::size_t>> read_some(char* buffer, std::size_t size) override {
    error_code code;
    std::size_t count = 0;
    if (tls_) {
      count = co_await tls_->async_read_some(asio::buffer(buffer, size), asio::redirect_error(use_task, code));
    } else {
      count = co_await socket_.async_read_some(asio::buffer(buffer, size), asio::redirect_error(use_task, code));
    }
    if (code) co_return mta::net::network_error(code);
    co_return count;
  }
  Task<Status> write(std::string_view bytes) override {
    error_code code;
    if (tls_) {
      co_await asio::async_write(*tls_, asio::buffer(bytes), asio::redirect_error(use_task, code));
    } else {
      co_await asio::async_write(socket_, asio::buffer(bytes), asio::redirect_error(use_task, code));
    }
    if (code) co_return mta::net::network_error(code);
    co_return Status();
  }
  Task<Status> start_tls_client(std::string, mta::net::TlsOffer) override { co_return Error::permanent("this is the server's end"); }
  Task<bool> start_tls_server() {
    tls_.emplace(socket_, context_);
    error_code code;
    co_await tls_->async_handshake(asio::ssl::stream_base::server, asio::redirect_error(use_task, code));
    co_return !code;
  }
  // Runs the server's side of a handshake up to this many octets, or up to its end.
  Task<void> break_handshake_at(std::size_t octets) {
    const std::unique_ptr<SSL, decltype(&SSL_free)> session(SSL_new(context_.native_handle()), &SSL_free);
    BIO* const input = BIO_new(BIO_s_mem());
    BIO* const output = BIO_new(BIO_s_mem());
    SSL_set_bio(session.get(), input, output);
    SSL_set_accept_state(session.get());
    std::array<char, 4096> buffer;
    for (error_code code; octets > 0 && !code && !SSL_is_init_finished(session.get());) {
      const std::size_t read = co_await socket_.async_read_some(asio::buffer(buffer), asio::redirect_error(use_task, code));
      BIO_write(input, buffer.data(), static_cast<int>(read));
      SSL_do_handshake(session.get());
      const int size = BIO_read(output, buffer.data(), static_cast<int>(std::min(buffer.size(), octets)));
      if (size <= 0) continue;
      octets -= static_cast<std::size_t>(size);
      co_await asio::async_write(socket_, asio::buffer(buffer.data(), static_cast<std::size_t>(size)),
                                 asio::redirect_error(use_task, code));
    }
    close();
  }
  std::string server_name() {
    const char* name = tls_ ? SSL_get_servername(tls_->native_handle(), TLSEXT_NAMETYPE_host_name) : nullptr;
    return name ? name : "";
  }
  const TlsState& tls() const override { return tls_state_; }
  bool has_input() override { return false; }
  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  TcpSocket socket_;
  asio::ssl::context& context_;
  std::optional<asio::ssl::stream<TcpSocket&>> tls_;
  TlsState tls_state_;
};

}  // namespace

struct TcpMailHost::State {
  State(Executor executor, MailHostBehaviour behaviour)
      : host(std::move(behaviour)),
        acceptor(executor, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        context(asio::ssl::context::tls_server) {
    if (host.behaviour().tls == HostTls::none) return;
    use_ec_certificate(context.native_handle());
    if (host.behaviour().prepare_tls) host.behaviour().prepare_tls(context.native_handle());
    if (host.behaviour().tls != HostTls::too_old) return;
    SSL_CTX_set_security_level(context.native_handle(), 0);
    SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_1_VERSION);
  }
  MailHost host;
  Acceptor acceptor;
  asio::ssl::context context;
  std::string server_name;
};

Task<void> TcpMailHost::serve(std::shared_ptr<State> state, TcpSocket socket) {
  auto stream = std::make_unique<ServerStream>(std::move(socket), state->context);
  ServerStream& end = *stream;
  const MailHost::StartTls start_tls = [&end, &state]() -> Task<bool> {
    if (const auto octets = state->host.behaviour().breaks_tls_at) {
      if (state->host.behaviour().when_tls_breaks) state->host.behaviour().when_tls_breaks();
      co_await end.break_handshake_at(*octets);
      co_return false;
    }
    const bool started = co_await end.start_tls_server();
    state->server_name = end.server_name();
    co_return started;
  };
  co_await state->host.serve(std::move(stream), start_tls);
}

Task<void> TcpMailHost::accept_all(std::shared_ptr<State> state) {
  while (true) {
    error_code code;
    TcpSocket socket = co_await state->acceptor.async_accept(asio::redirect_error(use_task, code));
    if (code) co_return;
    asio::co_spawn(state->acceptor.get_executor(), serve(state, std::move(socket)), asio::detached);
  }
}

TcpMailHost::TcpMailHost(Executor executor, MailHostBehaviour behaviour) : state_(std::make_shared<State>(executor, std::move(behaviour))) {
  asio::co_spawn(executor, accept_all(state_), asio::detached);
}

TcpMailHost::~TcpMailHost() {
  error_code ignored;
  state_->acceptor.close(ignored);
}

dns::Target TcpMailHost::target(std::string host) const {
  return dns::Target{std::move(host), dns::Address{false, {127, 0, 0, 1}}, state_->acceptor.local_endpoint().port(), false};
}

MailHost& TcpMailHost::host() { return state_->host; }
const std::string& TcpMailHost::server_name() const { return state_->server_name; }

}  // namespace mxpress::testing
