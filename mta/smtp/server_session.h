// One session of the SMTP server. RFC 5321 3, 4; RFC 2920, RFC 1870, RFC 6152, RFC 2034, RFC 3461.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "mta/net/stream.h"
#include "mta/smtp/server.h"
#include "mta/smtp/server_lines.h"
#include "proto/command.h"

namespace mxpress::mta::smtp {

struct ServerOptions {
  std::string hostname;             // of the greeting
  proto::AddressRules addresses;    // complete addresses without a domain: <Postmaster>, and all addresses from local programs
  bool offers_require_tls = false;  // RFC 8689: to clients on this host, whose mail nobody can read on its way here
  std::uint64_t max_message_size = 50u << 20;
  std::size_t max_recipients = 10'000;
  std::uint64_t max_refused =
      128u << 20;               // octets of a refused message that are read so that the client gets the reply; then it is disconnected
  std::size_t max_errors = 20;  // refusals since the last accepted message; then 421. Not counted: 452 to RCPT
  // Limit of octets outside ASCII in the commands of a session, which then ends. Each may cost half a microsecond of IDNA (RFC 5891).
  std::uint64_t max_international = UINT64_MAX;
  Duration idle = std::chrono::minutes(5);      // RFC 5321 4.5.3.2.7
  Duration content = std::chrono::minutes(60);  // limit for the whole content of one message, at any speed
};

// Data shared by all sessions with the same options: the constant replies, in their wire form.
struct ServerProfile {
  explicit ServerProfile(ServerOptions given);

  const ServerOptions options;
  const std::string greeting, extensions, goodbye;
};

// Thread: of the executor that run() was spawned on.
class ServerSession {
 public:
  ServerSession(std::unique_ptr<net::Stream> stream, MailSink& sink, std::shared_ptr<const ServerProfile> profile);

  // Runs until the client has quit, is gone, or is disconnected. Memory: unread octets in LineReader, replies, and the envelope.
  Task<void> run();
  // Sends these last words (421) and closes, as soon as the session waits for the client. A client in a transaction has 5 s to end it: a
  // program that has submitted half of a message could not submit it again.
  void stop(ServerReply last_words);
  std::optional<BootTime> waiting_since() const { return waiting_since_; }  // for the client; nullopt while it works
  // The work that the client has caused outside of content, in units of some microseconds at most: one for each line, and one for each
  // octet of it outside ASCII, because domains in UTF-8 are converted.
  std::uint64_t work() const { return work_; }
  bool in_transaction() const { return envelope_ || content_deadline_ != BootTime::max(); }  // between MAIL and the reply to the dot

 private:
  Task<bool> fill();
  bool flush_at_once();
  Task<bool> flush_rest();
  Task<void> send_away(ServerReply last_words);

  // The reason to wait after a line. turn: others on this thread run first.
  enum class Wait { none, content, recipient, replies, turn, goodbye, farewell };
  Wait take_lines();
  // Waits for that. False: the session ends.
  Task<bool> say(Wait wait);
  void count_work(std::string_view line);
  Wait take_line(const LineReader::Line& line);
  Wait command(const proto::Command& command);
  Wait part(ServerReply farewell);
  void greet(const proto::Command& command);
  void mail(std::string_view argument);
  Wait rcpt(std::string_view argument);
  void end_rcpt();
  Wait data(std::string_view argument);
  bool simple(const proto::Command& command);

  Task<bool> receive_message();

  void reply(int code, std::optional<proto::EnhancedStatus> status, std::string_view text);
  void reply(const ServerReply& reply);
  void refuse(std::string_view what, const ServerReply& reply);
  void answer_no(std::string_view what, const ServerReply& reply);
  void reset() { envelope_.reset(); }

  std::unique_ptr<net::Stream> stream_;
  MailSink& sink_;
  const std::shared_ptr<const ServerProfile> profile_;  // shared by older and newer sessions: it changes with the configuration
  const ServerOptions& options_;
  LineReader lines_;
  std::string out_;
  std::optional<proto::Envelope> envelope_;  // from MAIL to the end of the transaction
  std::optional<Task<void>> preparation_;    // for the last recipient; the sink is asked about it afterwards
  std::unique_ptr<IncomingMessage> opened_;  // from DATA until its content is received
  ServerReply farewell_;                     // to a client that is disconnected
  std::size_t errors_ = 0;
  std::uint64_t work_ = 0;
  std::uint64_t turn_began_ = 0;     // value of work() when its turn began
  std::uint64_t international_ = 0;  // octets outside ASCII in commands
  std::optional<BootTime> waiting_since_;
  BootTime content_deadline_ = BootTime::max();
  std::optional<ServerReply> last_words_;
  BootTime last_moment_;  // deadline of a transaction in progress after stop()
};

}  // namespace mxpress::mta::smtp
