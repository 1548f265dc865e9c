// Streams over sockets of the system: accepted or connected, TCP or Unix.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <memory>
#include <optional>

#include "mta/net/stream.h"
#include "mta/net/tls_peer.h"

namespace mxpress::mta::net {

class HandshakeLane;
class TlsSessions;
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using UnixSocket = asio::basic_stream_socket<asio::local::stream_protocol, Executor>;

// For start_tls_client() on a connection to a mail host.
struct ClientTls {
  TlsPolicy policy;
  TlsPeer peer;
  HandshakeLane* lane = nullptr;                    // computes costly handshakes and must outlive the stream; null: computed at once
  std::shared_ptr<TlsSessions> sessions = nullptr;  // resumed and kept; null: none. Sessions with a client certificate never are
};

// The socket must be connected. TCP sets TCP_NODELAY. Without set_deadline() no operation times out. `tls`: nullopt for a client of ours.
std::unique_ptr<Stream> make_tcp_stream(TcpSocket socket, std::optional<ClientTls> tls = std::nullopt);
std::unique_ptr<Stream> make_unix_stream(UnixSocket socket);

}  // namespace mxpress::mta::net
