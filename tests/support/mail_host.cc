// The replies and the stored mail of a mail host of the tests.
#include "tests/support/mail_host.h"

#include <array>
#include <boost/asio/this_coro.hpp>

#include "proto/mail_data.h"

namespace mxpress::testing {
namespace {

using mta::net::Stream;

constexpr auto kPatience = std::chrono::hours(24);

std::string verb_of(const std::string& line) { return line.substr(0, line.find_first_of(" :")); }

Task<void> pause(BootClock::duration time) {
  Timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(use_task);
}

}  // namespace

// One connection to a MailHost.
class MailHostSession {
 public:
  MailHostSession(MailHost& host, std::unique_ptr<Stream> stream, MailHost::StartTls start_tls)
      : host_(host), stream_(std::move(stream)), start_tls_(std::move(start_tls)) {}
  Task<void> run();

 private:
  Task<bool> command(const std::string& line);
  Task<bool> reply(const std::string& stage, const std::string& usual);
  Task<bool> starttls();
  Task<bool> take_content();
  Task<bool> read_line(std::string& line);
  Task<bool> read_more();
  AtStage take_stage(const std::string& stage, const std::string& usual);
  std::string hello_reply(const std::string& verb) const;
  bool was_positive() const { return last_reply_.starts_with('2') || last_reply_.starts_with('3'); }

  MailHost& host_;
  std::unique_ptr<Stream> stream_;
  MailHost::StartTls start_tls_;
  std::string input_;
  std::string last_reply_;
  ReceivedMessage message_;
};

Task<void> MailHost::serve(std::unique_ptr<Stream> stream, StartTls start_tls) {
  ++connections_;
  MailHostSession session(*this, std::move(stream), std::move(start_tls));
  co_await session.run();
}

Task<void> MailHostSession::run() {
  stream_->set_deadline(BootClock::now() + kPatience);
  bool going = co_await reply("CONNECT", "220 mx.there.example ESMTP");
  std::string line;
  while (going) {
    going = co_await read_line(line);
    if (going) going = co_await command(line);
  }
  stream_->close();
}

Task<bool> MailHostSession::command(const std::string& line) {
  host_.commands_.push_back(line);
  const std::string verb = verb_of(line);
  if (verb == "STARTTLS") co_return co_await starttls();
  if (verb == "EHLO" || verb == "HELO") message_.hello = line;
  if (verb == "MAIL") message_.mail = line;
  if (verb == "MAIL" || verb == "RSET") message_.rcpts.clear();
  std::string usual = verb == "EHLO" || verb == "HELO" ? hello_reply(verb) : "250 2.0.0 ok";
  if (verb == "QUIT") usual = "221 2.0.0 bye";
  if (verb == "DATA") usual = message_.rcpts.empty() ? "554 5.5.1 no valid recipients" : "354 go ahead";
  const bool has_own = host_.behaviour_.stages.count(line) > 0;
  if (!co_await reply(has_own ? line : verb, usual)) co_return false;
  if (verb == "RCPT" && was_positive()) message_.rcpts.push_back(line);
  if (verb == "DATA" && last_reply_.starts_with('3')) co_return co_await take_content();
  co_return verb != "QUIT";
}

AtStage MailHostSession::take_stage(const std::string& stage, const std::string& usual) {
  AtStage now;
  const auto found = host_.behaviour_.stages.find(stage);
  if (found != host_.behaviour_.stages.end()) {
    now = found->second;
    if (found->second.times > 0 && --found->second.times == 0) host_.behaviour_.stages.erase(found);
  }
  if (now.reply.empty()) now.reply = usual;
  return now;
}

// Returns true if the connection continues.
Task<bool> MailHostSession::reply(const std::string& stage, const std::string& usual) {
  const AtStage now = take_stage(stage, usual);
  if (now.delay > Duration(0)) co_await pause(now.delay);
  if (now.fault == Fault::close) co_return false;
  if (now.fault == Fault::hang) {
    while (co_await read_more()) continue;
    co_return false;
  }
  last_reply_ = now.reply;
  const Status sent = co_await stream_->write(now.reply + "\r\n");
  if (now.fault == Fault::deaf_after) co_await pause(kPatience);
  co_return sent.ok() && now.fault == Fault::none && !now.reply.starts_with("421");
}

std::string MailHostSession::hello_reply(const std::string& verb) const {
  std::string text = "250-mx.there.example\r\n";
  if (verb == "HELO") return "250 mx.there.example";
  for (const std::string& extension : host_.behaviour_.extensions) text += "250-" + extension + "\r\n";
  if (host_.behaviour_.tls != HostTls::none && !message_.tls) text += "250-STARTTLS\r\n";
  return text + "250 HELP";
}

Task<bool> MailHostSession::starttls() {
  const std::string injected = "250-mx\r\n250 PIPELINING";
  const std::string behind = host_.behaviour_.tls == HostTls::injects ? "\r\n" + injected : "";
  if (!co_await reply("STARTTLS", "220 2.0.0 go ahead" + behind)) co_return false;
  if (!was_positive()) co_return true;
  if (host_.behaviour_.tls == HostTls::injects_late) (void)co_await stream_->write(injected + "\r\n");
  if (host_.behaviour_.tls == HostTls::garbage) co_return (co_await stream_->write(std::string(300, '?'))).ok();
  if (host_.behaviour_.tls == HostTls::hangs) {
    while (co_await read_more()) continue;
    co_return false;
  }
  message_.tls = true;
  if (start_tls_) co_return co_await start_tls_();
  co_return true;
}

Task<bool> MailHostSession::take_content() {
  proto::DataDecoder decoder;
  message_.content.clear();
  while (true) {
    input_.erase(0, decoder.feed(input_, message_.content));
    if (decoder.complete()) break;
    const std::size_t limit = host_.behaviour_.refuses_content_at;
    if (limit != 0 && message_.content.size() >= limit) {
      (void)co_await stream_->write("552 5.3.4 too big\r\n");
      co_return false;
    }
    if (!co_await read_more()) co_return false;
  }
  const bool going = co_await reply(".", "250 2.6.0 taken");
  // A host that closes instead of replying may have accepted the message nevertheless.
  if (was_positive()) host_.messages_.push_back(message_);
  message_.rcpts.clear();
  co_return going;
}

Task<bool> MailHostSession::read_line(std::string& line) {
  while (input_.find("\r\n") == std::string::npos) {
    if (!co_await read_more()) co_return false;
  }
  line = input_.substr(0, input_.find("\r\n"));
  input_.erase(0, line.size() + 2);
  co_return true;
}

Task<bool> MailHostSession::read_more() {
  std::array<char, 16384> buffer;
  const auto count = co_await stream_->read_some(buffer.data(), buffer.size());
  if (!count.ok() || *count == 0) co_return false;
  input_.append(buffer.data(), *count);
  co_return true;
}

}  // namespace mxpress::testing
