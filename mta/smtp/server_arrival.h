// The content of one message as it arrives: decodes it, passes it on, and checks it. RFC 5321 4.5.2, RFC 1870 6.2.
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

// All that it refers to must outlive it.
class Arrival {
 public:
  Arrival(std::unique_ptr<IncomingMessage> message, const ServerOptions& options) : message_(std::move(message)), options_(options) {}

  // Takes the octets read so far. Returns true if the content is complete: the remaining octets are commands.
  bool take(LineReader& lines);
  // The reason to refuse the message; the rest of its content is discarded.
  const Refusal& refusal() const { return refusal_; }
  // Octets of the content so far.
  std::uint64_t octets() const { return decoder_.octets(); }
  // Only if there is no refusal.
  IncomingMessage& message() { return *message_; }

 private:
  void judge();

  std::unique_ptr<IncomingMessage> message_;
  const ServerOptions& options_;
  proto::DataDecoder decoder_;
  std::string content_;  // the piece to pass on
  Refusal refusal_;
};

}  // namespace mxpress::mta::smtp
