// Streams over sockets of the system: accepted or connected, TCP or Unix.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <memory>

#include "mta/net/stream.h"

namespace mxpress::mta::net {

class HandshakeLane;
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using UnixSocket = asio::basic_stream_socket<asio::local::stream_protocol, Executor>;

// The socket must be connected. TCP sets TCP_NODELAY. Without set_deadline() no operation times out. `lane` computes costly handshakes and
// must outlive the stream; without one they are computed at once. `policy`: of start_tls_client().
std::unique_ptr<Stream> make_tcp_stream(TcpSocket socket, HandshakeLane* lane = nullptr, net::TlsPolicy policy = {});
std::unique_ptr<Stream> make_unix_stream(UnixSocket socket);

}  // namespace mxpress::mta::net
