// A mail host for tests: follows a table at each stage, and stores every accepted message. Over memory, or over TCP and
// TLS.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mta/net/stream_socket.h"

struct ssl_ctx_st;

namespace mxpress::testing {

enum class Fault {
  none,
  close,        // instead of the reply
  hang,         // instead of the reply, but still reads
  close_after,  // behind the reply
  deaf_after,   // behind the reply, reads no more
};

// The behaviour at a stage instead of the usual one.
struct AtStage {
  std::string reply;  // lines as they are sent, without the last CRLF; empty: the usual one
  Fault fault = Fault::none;
  Duration delay{0};
  int times = -1;  // this many times, then the usual one; -1: always
};

// injects: replies behind the 220, in the same segment; injects_late: in another one.
enum class HostTls { none, works, hangs, garbage, injects, injects_late, too_old };

struct MailHostBehaviour {
  std::vector<std::string> extensions{"PIPELINING", "SIZE 10000000", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN"};
  // Keyed by "CONNECT", a verb ("EHLO", "MAIL", "RCPT", "DATA" ...), a whole command ("RCPT TO:<a@b.example>") or ".".
  std::map<std::string, AtStage> stages;
  HostTls tls = HostTls::none;
  std::function<void(ssl_ctx_st*)> prepare_tls;  // changes the server's context
  std::optional<std::size_t> breaks_tls_at{};    // it sends at most this many octets of its part of the handshake, then closes
  std::function<void()> when_tls_breaks;         // just before that
  std::size_t refuses_content_at = 0;            // after this many octets of content: 552 and a close; 0: never
};

struct ReceivedMessage {
  std::string hello;               // the whole command lines
  std::string mail;                //
  std::vector<std::string> rcpts;  // accepted ones
  std::string content;             // without dot stuffing and final dot
  bool tls = false;
};

// Thread: one, that of the streams. Lives as long as its sessions.
class MailHost {
 public:
  explicit MailHost(MailHostBehaviour behaviour = {}) : behaviour_(std::move(behaviour)) {}

  // Serves one connection until it ends. `start_tls` performs the handshake of the server's side; without one nothing is done (memory).
  using StartTls = std::function<Task<bool>()>;
  Task<void> serve(std::unique_ptr<mta::net::Stream> stream, StartTls start_tls = {});

  MailHostBehaviour& behaviour() { return behaviour_; }
  const std::vector<ReceivedMessage>& messages() const { return messages_; }
  // Every line that any client has sent, without content.
  const std::vector<std::string>& commands() const { return commands_; }
  int connections() const { return connections_; }

 private:
  friend class MailHostSession;
  MailHostBehaviour behaviour_;
  std::vector<ReceivedMessage> messages_;
  std::vector<std::string> commands_;
  int connections_ = 0;
};

// The same host at a port of 127.0.0.1 that the system chooses; with a certificate of its own making.
class TcpMailHost {
 public:
  TcpMailHost(Executor executor, MailHostBehaviour behaviour = {});
  ~TcpMailHost();
  dns::Target target(std::string host = "mx.there.example") const;
  MailHost& host();
  // The server name in the last client's handshake (SNI).
  const std::string& server_name() const;

 private:
  struct State;
  static Task<void> accept_all(std::shared_ptr<State> state);
  static Task<void> serve(std::shared_ptr<State> state, mta::net::TcpSocket socket);

  std::shared_ptr<State> state_;  // shared with the coroutines that accept and serve
};

}  // namespace mxpress::testing
