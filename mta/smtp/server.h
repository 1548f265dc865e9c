// What the server side of SMTP asks of the rest: a sink for mail. The session knows neither delivery nor queue.
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

// What the server says: one line, or several if `text` has line feeds.
struct ServerReply {
  int code = 250;
  std::optional<proto::EnhancedStatus> status;
  std::string text;

  bool is_positive() const { return code / 100 == 2; }
  // "452 4.3.1 text", without line end, for logs.
  std::string to_string() const;
};

// How a client introduced itself: HELO (or not at all) speaks SMTP, EHLO speaks ESMTP. RFC 5321 2.2.1
enum class Greeting { helo, ehlo };

using Refusal = std::optional<ServerReply>;  // nothing: go on

// One message while its content arrives. Destroyed unfinished (the client went away, or the content is refused), nothing of it is kept.
class IncomingMessage {
 public:
  virtual ~IncomingMessage() = default;
  // The next piece of the content, with CRLF line ends and without dot stuffing. After a refusal no more is handed in: the session swallows
  // the rest and answers the final dot with it.
  virtual Refusal append(std::string_view content) = 0;
  // The content is complete. A positive reply promises that the message is durable (RFC 5321 4.2.5, 6.1).
  virtual Task<ServerReply> finish() = 0;
};

// Where a session's mail goes. One for each session; on its thread.
class MailSink {
 public:
  virtual ~MailSink() = default;
  // What the client said in EHLO or HELO, already cleaned.
  virtual void hello(std::string name, Greeting greeting) = 0;
  // MAIL: may a message of this size (0: not declared) begin? RFC 1870 6.1.
  virtual Refusal begin(const proto::ReversePath& sender, std::uint64_t declared_size) = 0;
  // RCPT: what has to be waited for before recipient() can answer; nothing: it can at once.
  virtual std::optional<Task<void>> prepare(const proto::Recipient&) { return std::nullopt; }
  // RCPT, behind prepare().
  virtual Refusal recipient(const proto::Recipient& recipient) = 0;
  // DATA.
  virtual std::variant<std::unique_ptr<IncomingMessage>, ServerReply> open(proto::Envelope envelope) = 0;
  // The session refused something on its own (a line, a command, an address, the content): for the log.
  virtual void refused(std::string_view what, const ServerReply& reply) = 0;
};

}  // namespace mxpress::mta::smtp
