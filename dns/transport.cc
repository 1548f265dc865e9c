// One question to one name server: see transport.h. Converts error codes to Errors.
#include "dns/transport.h"

#include <net/if.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <memory>

#include "dns/ip_address.h"

namespace mxpress::dns {
namespace {

using boost::system::error_code;
using UdpSocket = asio::basic_datagram_socket<asio::ip::udp, Executor>;
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, Executor>;

constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kTuple{use_task};
constexpr std::size_t kUdpBuffer = 4096;        // servers may exceed our offer
constexpr std::size_t kMostAnswer = 16 * 1024;  // reading 64 KiB of mail hosts takes 16 ms, during which the worker does nothing else
constexpr std::size_t kHeaderSize = 12;

// A socket that its timer closes. Shared, because the timer's handler may still be queued when the coroutine is gone.
template <class Socket>
struct Connection {
  explicit Connection(Executor executor) : socket(executor), timer(executor) {}
  Socket socket;
  Timer timer;
  BootTime started = BootClock::now();
  bool expired = false;
};

template <class Socket>
std::shared_ptr<Connection<Socket>> open_until(Executor executor, BootTime deadline) {
  auto connection = std::make_shared<Connection<Socket>>(executor);
  connection->timer.expires_at(deadline);
  connection->timer.async_wait([weak = std::weak_ptr(connection)](const error_code& error) {
    const auto open = weak.lock();
    if (error || !open) return;
    open->expired = true;
    error_code ignored;
    open->socket.close(ignored);
  });
  return connection;
}

template <class Socket>
Error explain(const Connection<Socket>& connection, const error_code& error) {
  if (!connection.expired) return Error::transient(error == asio::error::eof ? "connection closed without an answer" : error.message());
  return Error::transient(silence(BootClock::now() - connection.started));
}

template <class Protocol>
typename Protocol::endpoint endpoint_of(const ServerConfig& server) {
  return endpoint_of<Protocol>(server.address, server.port, server.scope.empty() ? 0 : ::if_nametoindex(server.scope.c_str()));
}

struct Query {
  Question question;
  std::uint16_t id = 0;
  Bytes bytes;
};

// A refusal may come without the question: RFC 1035 does not require a server to repeat an unreadable question.
bool answers(const Packet& packet, const Query& query) {
  if (!packet.is_response || packet.id != query.id) return false;
  if (packet.question) return *packet.question == query.question;
  return packet.code != ReplyCode::no_error && packet.code != ReplyCode::name_error;
}

bool has_id(const Bytes& bytes, std::uint16_t id) { return bytes.size() >= kHeaderSize && (bytes[0] << 8 | bytes[1]) == id; }

// The connected socket accepts datagrams from the server's address and port only; a wrong id is somebody's guess.
Task<Result<Packet>> receive(Connection<UdpSocket>& connection, const Query& query) {
  while (true) {
    Bytes buffer(kUdpBuffer);
    const auto [error, size] = co_await connection.socket.async_receive(asio::buffer(buffer), kTuple);
    if (error) co_return explain(connection, error);
    buffer.resize(size);
    if (!has_id(buffer, query.id)) continue;
    Result<Packet> packet = decode(buffer);
    if (!packet) co_return Error::transient("an answer that is no DNS packet");
    if (answers(*packet, query)) co_return packet;
  }
}

Task<Result<Packet>> exchange_udp(ServerConfig server, Query query, BootTime deadline) {
  const auto connection = open_until<UdpSocket>(co_await asio::this_coro::executor, deadline);
  const auto endpoint = endpoint_of<asio::ip::udp>(server);
  error_code error;
  connection->socket.connect(endpoint, error);  // opens it, too; does not wait
  if (error) co_return explain(*connection, error);
  const auto [send_error, sent] = co_await connection->socket.async_send(asio::buffer(query.bytes), kTuple);
  if (send_error) co_return explain(*connection, send_error);
  Result<Packet> packet = co_await receive(*connection, query);
  co_return packet;
}

// RFC 1035 4.2.2: each message is preceded by its length.
Bytes framed(const Bytes& message) {
  Bytes frame{static_cast<std::uint8_t>(message.size() >> 8), static_cast<std::uint8_t>(message.size())};
  frame.insert(frame.end(), message.begin(), message.end());
  return frame;
}

Task<Result<Bytes>> converse(Connection<TcpSocket>& connection, ServerConfig server, Bytes frame) {
  const auto [connect_error] = co_await connection.socket.async_connect(endpoint_of<asio::ip::tcp>(server), kTuple);
  if (connect_error) co_return explain(connection, connect_error);
  const auto [write_error, written] = co_await asio::async_write(connection.socket, asio::buffer(frame), kTuple);
  if (write_error) co_return explain(connection, write_error);
  std::array<std::uint8_t, 2> length{};
  const auto [length_error, length_size] = co_await asio::async_read(connection.socket, asio::buffer(length), kTuple);
  if (length_error) co_return explain(connection, length_error);
  Bytes message(static_cast<std::size_t>(length[0] << 8 | length[1]));
  if (message.size() > kMostAnswer)
    co_return Error::transient("an answer of " + std::to_string(message.size()) + " octets, which is too long");
  const auto [read_error, size] = co_await asio::async_read(connection.socket, asio::buffer(message), kTuple);
  if (read_error) co_return explain(connection, read_error);
  co_return message;
}

Task<Result<Packet>> exchange_tcp(ServerConfig server, Query query, BootTime deadline) {
  const auto connection = open_until<TcpSocket>(co_await asio::this_coro::executor, deadline);
  Result<Bytes> message = co_await converse(*connection, server, framed(query.bytes));
  if (!message) co_return Error::transient(message.error().message + " (TCP)");
  Result<Packet> packet = decode(*message);
  if (!packet || packet->is_truncated) co_return Error::transient("an answer that is no DNS packet (TCP)");
  if (!answers(*packet, query)) co_return Error::transient("an answer to another question (TCP)");
  co_return packet;
}

}  // namespace

std::string silence(BootClock::duration waited) {
  const auto seconds = std::chrono::round<std::chrono::seconds>(waited).count();
  return "no answer within " + std::to_string(std::max<std::int64_t>(seconds, 1)) + " s";
}

Task<Result<Packet>> exchange(ServerConfig server, Protocol protocol, Question question, Edns edns, std::mt19937_64& random,
                              BootTime deadline) {
  Query query{std::move(question), static_cast<std::uint16_t>(random()), {}};
  Result<Bytes> bytes = encode_query(query.question, query.id, edns);
  if (!bytes) co_return bytes.error();
  query.bytes = std::move(*bytes);
  if (protocol == Protocol::tcp) co_return co_await exchange_tcp(std::move(server), std::move(query), deadline);
  co_return co_await exchange_udp(std::move(server), std::move(query), deadline);
}

}  // namespace mxpress::dns
