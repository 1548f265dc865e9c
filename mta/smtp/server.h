// The interfaces that the SMTP server uses: a sink for mail. The session knows neither delivery nor queue.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "dns/async.h"
#include "proto/envelope.h"
#include "proto/status.h"

namespace mxpress::mta::smtp {

// A reply of the server: one line, or several if `text` has line feeds.
struct ServerReply {
  int code = 250;
  std::optional<proto::EnhancedStatus> status;
  std::string text;

  bool is_positive() const { return code / 100 == 2; }
  // "452 4.3.1 text", without line end, for logs.
  std::string to_string() const;
};

// The client's greeting: HELO (or none) means SMTP, EHLO means ESMTP. RFC 5321 2.2.1
enum class Greeting { helo, ehlo };

using Refusal = std::optional<ServerReply>;  // nullopt: accepted

// One message while its content arrives. If it is destroyed unfinished (the client is gone, or the content is refused), nothing is kept.
class IncomingMessage {
 public:
  virtual ~IncomingMessage() = default;
  // The next piece of the content, with CRLF line ends and without dot stuffing. After a refusal it is not called again: the session
  // discards the rest and sends the refusal after the final dot.
  virtual Refusal append(std::string_view content) = 0;
  // The content is complete. A positive reply promises that the message is durable (RFC 5321 4.2.5, 6.1).
  virtual Task<ServerReply> finish() = 0;
};

// The destination of a session's mail. One for each session; on its thread.
class MailSink {
 public:
  virtual ~MailSink() = default;
  // The client's name in EHLO or HELO, already cleaned.
  virtual void hello(std::string name, Greeting greeting) = 0;
  // MAIL: may a message of this size (0: not declared) begin? RFC 1870 6.1.
  virtual Refusal begin(const proto::ReversePath& sender, std::uint64_t declared_size) = 0;
  // RCPT: a task to await before recipient() is called; nullopt: it can be called at once.
  virtual std::optional<Task<void>> prepare(const proto::Recipient&) { return std::nullopt; }
  // RCPT, after prepare().
  virtual Refusal recipient(const proto::Recipient& recipient) = 0;
  // DATA.
  virtual std::variant<std::unique_ptr<IncomingMessage>, ServerReply> open(proto::Envelope envelope) = 0;
  // The session itself refused something (a line, a command, an address, the content): for the log.
  virtual void refused(std::string_view what, const ServerReply& reply) = 0;
};

}  // namespace mxpress::mta::smtp
