// Connects and asks.
#include "mta/doctor/probers.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <istream>

#include "dns/ip_address.h"
#include "proto/printable.h"

namespace mxpress::mta::doctor {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using Socket = asio::basic_stream_socket<tcp, Executor>;

constexpr auto kConnectTime = std::chrono::seconds(5), kGreetingTime = std::chrono::seconds(3), kServerTime = std::chrono::seconds(3);
constexpr std::size_t kMostGreeting = 512;

// Closes the socket at a time; what waits for it ends then.
class Alarm {
 public:
  Alarm(Executor executor, Socket& socket, BootClock::duration time) : timer_(executor) {
    timer_.expires_after(time);
    timer_.async_wait([&socket, rang = rang_](error_code error) {
      if (error) return;
      *rang = true;
      error_code ignored;
      socket.close(ignored);
    });
  }
  bool has_rung() const { return *rang_; }

 private:
  Timer timer_;
  std::shared_ptr<bool> rang_ = std::make_shared<bool>(false);  // with the handler
};

Task<std::string> greeting_of(Executor executor, Socket& socket) {
  const Alarm alarm(executor, socket, kGreetingTime);
  asio::streambuf buffer(kMostGreeting);
  error_code error;
  co_await asio::async_read_until(socket, buffer, '\n', asio::redirect_error(use_task, error));
  std::istream stream(&buffer);
  std::string line;
  std::getline(stream, line);
  if (!error) co_await asio::async_write(socket, asio::buffer("QUIT\r\n", 6), asio::redirect_error(use_task, error));
  co_return proto::printable(line, 200);
}

}  // namespace

Task<ProbeResult> TcpProber::probe(dns::Address address, std::uint16_t port) {
  ProbeResult result;
  Socket socket(executor_);
  const tcp::endpoint endpoint = dns::endpoint_of<tcp>(address, port);
  error_code error;
  socket.open(endpoint.protocol(), error);
  if (!error) {
    const Alarm alarm(executor_, socket, kConnectTime);
    co_await socket.async_connect(endpoint, asio::redirect_error(use_task, error));
    if (alarm.has_rung()) error = error_code(ETIMEDOUT, boost::system::system_category());
  }
  result.error = error.value();
  if (!error) result.greeting = co_await greeting_of(executor_, socket);
  co_return result;
}

Task<ServerReply> DnsServerProber::ask(dns::ServerConfig server, dns::Protocol protocol, dns::Edns edns, dns::Question question) {
  const BootTime start = BootClock::now();
  auto packet = co_await dns::exchange(std::move(server), protocol, std::move(question), edns, random_, start + kServerTime);
  ServerReply reply;
  reply.took = std::chrono::duration_cast<std::chrono::milliseconds>(BootClock::now() - start);
  if (packet)
    reply.packet = std::move(*packet);
  else
    reply.failure = packet.error().message;
  co_return reply;
}

}  // namespace mxpress::mta::doctor
