// The content of one message as it arrives: decoded, handed on, and judged. RFC 5321 4.5.2, RFC 1870 6.2.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "mta/smtp/server.h"
#include "mta/smtp/server_lines.h"
#include "proto/command.h"
#include "proto/mail_data.h"

namespace mxpress::mta::smtp {

struct ServerOptions;

ServerReply to_reply(const proto::CommandError& error);
// RFC 1870 6.1, 6.2. `limit`: octets.
ServerReply too_big(std::uint64_t limit);

// What it refers to outlives it.
class Arrival {
 public:
  Arrival(std::unique_ptr<IncomingMessage> message, const ServerOptions& options) : message_(std::move(message)), options_(options) {}

  // Takes what has been read. Whether that was all of the content: what is left are commands.
  bool take(LineReader& lines);
  // Why the message is not taken; what still comes of it is thrown away.
  const Refusal& refusal() const { return refusal_; }
  // Of the content, up to now.
  std::uint64_t octets() const { return decoder_.octets(); }
  // Only without a refusal.
  IncomingMessage& message() { return *message_; }

 private:
  void judge();

  std::unique_ptr<IncomingMessage> message_;
  const ServerOptions& options_;
  proto::DataDecoder decoder_;
  std::string content_;  // the piece that is handed on
  Refusal refusal_;
};

}  // namespace mxpress::mta::smtp
