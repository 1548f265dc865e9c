// The server's side of the dialogue.
#include "mta/smtp/server_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "dns/async.h"
#include "mta/smtp/server_arrival.h"
#include "proto/ascii.h"
#include "proto/printable.h"
#include "proto/reply.h"

namespace mxpress::mta::smtp {
namespace {

using proto::EnhancedStatus;
using proto::Verb;

constexpr std::size_t kMaxWaitingReplies = 16 * 1024;  // then they are sent although further commands are waiting
constexpr std::uint64_t kWorkOfTurn = 256;             // ServerSession::work(): some 100 microseconds, also if all of it is IDNA
constexpr std::chrono::seconds kLastWords(5);          // time to send the reply before closing

constexpr EnhancedStatus kFine{2, 0, 0};
constexpr EnhancedStatus kBadSequence{5, 5, 1};
constexpr EnhancedStatus kSyntax{5, 5, 2};
constexpr EnhancedStatus kTooMuch{5, 5, 3};
constexpr EnhancedStatus kBadArguments{5, 5, 4};

// A web server that is tricked into a request to its own host would send SMTP commands in the following lines.
bool is_http(std::string_view line) {
  constexpr std::array<std::string_view, 8> kMethods = {"GET ", "HEAD ", "POST ", "PUT ", "PATCH ", "DELETE ", "OPTIONS ", "CONNECT "};
  return std::any_of(kMethods.begin(), kMethods.end(), [line](std::string_view method) { return line.starts_with(method); });
}

std::string extensions_text(const ServerOptions& options) {
  const std::string size = std::to_string(options.max_message_size);
  return options.hostname + "\nPIPELINING\nSIZE " + size + "\n8BITMIME\nENHANCEDSTATUSCODES\nDSN" +
         (options.offers_require_tls ? "\nREQUIRETLS" : "");
}

// Constant replies, in their wire form.
constexpr std::string_view kSenderFine = "250 2.1.0 Ok\r\n";
constexpr std::string_view kRecipientFine = "250 2.1.5 Ok\r\n";
constexpr std::string_view kSendContent = "354 End data with <CR><LF>.<CR><LF>\r\n";

// RFC 5321 4.5.3.1.10: the client continues with the accepted recipients, and is not at fault.
constexpr int kTooMany = 452;
ServerReply too_many_recipients() { return {kTooMany, EnhancedStatus{4, 5, 3}, "Too many recipients"}; }

proto::Envelope envelope_of(proto::MailArguments arguments) {
  proto::Envelope envelope;
  envelope.reverse_path = std::move(arguments.reverse_path);
  envelope.ret = arguments.parameters.ret;
  envelope.envid = std::move(arguments.parameters.envid);
  if (arguments.parameters.require_tls) envelope.tls = proto::TlsWish::require;
  return envelope;
}

// RFC 1870 6.1, RFC 8689 4.1
Refusal objection_to(const proto::MailParameters& parameters, const ServerOptions& options) {
  if (parameters.require_tls && !options.offers_require_tls)
    return ServerReply{555, kBadArguments, "REQUIRETLS is for clients on this host"};
  if (parameters.size.value_or(0) > options.max_message_size) return too_big(options.max_message_size);
  return std::nullopt;
}

ServerReply bad_sequence(std::string text) { return {503, kBadSequence, std::move(text)}; }

ServerReply timed_out(const std::string& hostname) { return {421, EnhancedStatus{4, 4, 2}, hostname + " Timed out; closing"}; }

}  // namespace

ServerProfile::ServerProfile(ServerOptions given)
    : options(std::move(given)),
      greeting(proto::format_reply(220, std::nullopt, options.hostname + " ESMTP mxpress")),
      extensions(proto::format_reply(250, std::nullopt, extensions_text(options))),
      goodbye(proto::format_reply(221, kFine, options.hostname + " Bye")) {}

ServerSession::ServerSession(std::unique_ptr<net::Stream> stream, MailSink& sink, std::shared_ptr<const ServerProfile> profile)
    : stream_(std::move(stream)), sink_(sink), profile_(std::move(profile)), options_(profile_->options) {}

Task<void> ServerSession::run() {
  out_.reserve(profile_->greeting.size() + profile_->extensions.size());
  out_ += profile_->greeting;
  for (bool goes_on = true; goes_on;) {
    const Wait wait = take_lines();
    if (wait == Wait::none) {
      goes_on = co_await fill();
    } else {
      goes_on = wait == Wait::content ? co_await receive_message() : co_await say(wait);
    }
  }
  stream_->close();
}

void ServerSession::stop(ServerReply last_words) {
  last_words_ = std::move(last_words);
  last_moment_ = BootClock::now() + std::chrono::seconds(5);
  if (waiting_since_) stream_->set_deadline(in_transaction() ? std::min(last_moment_, content_deadline_) : BootClock::now());
}

// Collected replies are sent before any wait for input: so pipelined commands (RFC 2920) are answered with one write.
Task<bool> ServerSession::fill() {
  if (!flush_at_once() && !co_await flush_rest()) co_return false;
  waiting_since_ = BootClock::now();
  const BootTime end = !last_words_ ? *waiting_since_ + options_.idle : in_transaction() ? last_moment_ : *waiting_since_;
  const BootTime deadline = std::min(end, content_deadline_);
  stream_->set_deadline(deadline);
  const std::span<char> room = lines_.room();
  const auto size = co_await stream_->read_some(room.data(), room.size());
  waiting_since_.reset();
  if (last_words_ && !(size.ok() && *size > 0 && in_transaction() && BootClock::now() < last_moment_)) {
    co_await send_away(*last_words_);
    co_return false;
  }
  if (!size.ok() && BootClock::now() >= deadline) co_await send_away(timed_out(options_.hostname));
  if (!size.ok() || *size == 0) co_return false;
  lines_.added(*size);
  co_return true;
}

// Usually writes everything. False: flush_rest() must follow.
bool ServerSession::flush_at_once() {
  if (out_.empty()) return true;
  stream_->set_deadline(BootClock::now() + options_.idle);
  out_.erase(0, stream_->write_at_once(out_));
  return out_.empty();
}

Task<bool> ServerSession::flush_rest() {
  waiting_since_ = BootClock::now();
  const Status written = co_await stream_->write(out_);
  waiting_since_.reset();
  out_.clear();
  co_return written.ok();
}

Task<void> ServerSession::send_away(ServerReply last_words) {
  reply(last_words);
  sink_.refused("session", last_words);
  stream_->set_deadline(BootClock::now() + kLastWords);
  const Status ignored = co_await stream_->write(out_);
  out_.clear();
  static_cast<void>(ignored);  // the session ends either way
}

// Processes lines until something has to be waited for.
ServerSession::Wait ServerSession::take_lines() {
  while (errors_ < options_.max_errors) {
    if (out_.size() > kMaxWaitingReplies) return Wait::replies;
    if (work_ >= turn_began_ + kWorkOfTurn) return Wait::turn;
    const LineReader::Line line = lines_.next();
    if (line.kind == LineReader::Kind::none) return Wait::none;
    count_work(line.text);
    if (international_ > options_.max_international) return part({552, kTooMuch, "Too many domains outside ASCII; closing"});
    if (const Wait wait = take_line(line); wait != Wait::none) return wait;
  }
  return part({421, EnhancedStatus{4, 7, 0}, options_.hostname + " Too many errors; closing"});
}

void ServerSession::count_work(std::string_view line) {
  const auto international = static_cast<std::uint64_t>(std::count_if(line.begin(), line.end(), proto::is_eight_bit));
  work_ += 1 + international;
  international_ += international;
}

Task<bool> ServerSession::say(Wait wait) {
  if (wait == Wait::recipient) {
    co_await std::exchange(preparation_, std::nullopt).value();
    co_return (end_rcpt(), true);
  }
  if (wait == Wait::turn) {
    co_await let_others_go_on();
    turn_began_ = work_;
    co_return true;
  }
  if (wait == Wait::farewell) {
    co_await send_away(std::move(farewell_));
    co_return false;
  }
  const bool is_here = flush_at_once() || co_await flush_rest();  // after QUIT the client may be gone already
  co_return (is_here && wait == Wait::replies);
}

ServerSession::Wait ServerSession::part(ServerReply farewell) {
  farewell_ = std::move(farewell);
  return Wait::farewell;
}

ServerSession::Wait ServerSession::take_line(const LineReader::Line& line) {
  switch (line.kind) {
    case LineReader::Kind::line:
      if (is_http(line.text)) return part({554, kBadSequence, "This is SMTP, not HTTP; closing"});
      return command(proto::parse_command(line.text));
    case LineReader::Kind::bare:
      refuse("command", {500, kSyntax, "Lines end in CRLF, and have no other control characters"});
      break;
    case LineReader::Kind::too_long:
      refuse("command", {500, kSyntax, "Line is too long"});
      break;
    case LineReader::Kind::none:
      break;
    case LineReader::Kind::flood:
      return part({500, kSyntax, "Line is too long; closing"});
  }
  return Wait::none;
}

ServerSession::Wait ServerSession::command(const proto::Command& command) {
  switch (command.verb) {
    case Verb::data:
      return data(command.argument);
    case Verb::helo:
    case Verb::ehlo:
      greet(command);
      break;
    case Verb::mail:
      mail(command.argument);
      break;
    case Verb::rcpt:
      return rcpt(command.argument);
    case Verb::quit:
      if (!command.argument.empty()) return refuse("QUIT", {501, kBadArguments, "QUIT takes no argument"}), Wait::none;
      out_ += profile_->goodbye;
      return Wait::goodbye;
    default:
      if (!simple(command)) refuse("command", {500, kSyntax, "Command not recognized"});
  }
  return Wait::none;
}

// RFC 5321 4.1.1.1: EHLO also ends a transaction.
void ServerSession::greet(const proto::Command& command) {
  const auto name = proto::parse_hello_argument(command.argument);
  if (!name) return refuse("hello", to_reply(name.error()));
  reset();
  sink_.hello(*name, command.verb == Verb::ehlo ? Greeting::ehlo : Greeting::helo);
  if (command.verb == Verb::helo) return reply(250, std::nullopt, options_.hostname);
  out_ += profile_->extensions;
}

void ServerSession::mail(std::string_view argument) {
  if (envelope_) return refuse("MAIL", bad_sequence("A transaction is open; RSET ends it"));
  auto arguments = proto::parse_mail_arguments(argument, options_.addresses);
  if (!arguments) return refuse("MAIL", to_reply(arguments.error()));
  Refusal refusal = objection_to(arguments->parameters, options_);
  if (!refusal) refusal = sink_.begin(arguments->reverse_path, arguments->parameters.size.value_or(0));
  if (refusal) return refuse("MAIL", *refusal);
  envelope_ = envelope_of(std::move(*arguments));
  out_ += kSenderFine;
}

ServerSession::Wait ServerSession::rcpt(std::string_view argument) {
  if (!envelope_) return refuse("RCPT", bad_sequence("MAIL first")), Wait::none;
  auto recipient = proto::parse_rcpt_arguments(argument, options_.addresses);
  if (!recipient) return refuse("RCPT", to_reply(recipient.error())), Wait::none;
  if (envelope_->recipients.size() >= options_.max_recipients) return answer_no("RCPT", too_many_recipients()), Wait::none;
  preparation_ = sink_.prepare(envelope_->recipients.emplace_back(std::move(*recipient)));
  return preparation_ ? Wait::recipient : (end_rcpt(), Wait::none);
}

void ServerSession::end_rcpt() {
  const Refusal refusal = sink_.recipient(envelope_->recipients.back());
  if (!refusal) return void(out_ += kRecipientFine);
  envelope_->recipients.pop_back();
  return refusal->code == kTooMany ? answer_no("RCPT", *refusal) : refuse("RCPT", *refusal);
}

ServerSession::Wait ServerSession::data(std::string_view argument) {
  if (!argument.empty()) return refuse("DATA", {501, kBadArguments, "DATA takes no argument"}), Wait::none;
  if (!envelope_) return refuse("DATA", bad_sequence("MAIL and RCPT first")), Wait::none;
  if (envelope_->recipients.empty()) return refuse("DATA", {554, kBadSequence, "No valid recipients"}), Wait::none;
  auto opened = sink_.open(std::move(*envelope_));
  reset();
  if (const auto* refusal = std::get_if<ServerReply>(&opened)) return refuse("DATA", *refusal), Wait::none;
  opened_ = std::move(std::get<0>(opened));
  out_ += kSendContent;
  return Wait::content;
}

// Octets already here are content (RFC 2920 3.1: the client should have waited, but may be right); the 354 is sent with the first wait.
Task<bool> ServerSession::receive_message() {
  Arrival arrival(std::move(opened_), options_);
  content_deadline_ = BootClock::now() + options_.content;
  while (!arrival.take(lines_)) {
    if (arrival.refusal() && arrival.octets() > options_.max_refused) {
      co_await send_away(*arrival.refusal());  // it has sent enough
      co_return false;
    }
    if (!co_await fill()) co_return false;
  }
  content_deadline_ = BootTime::max();
  const ServerReply verdict = arrival.refusal() ? *arrival.refusal() : co_await arrival.message().finish();
  if (verdict.is_positive()) {
    errors_ = 0;
    reply(verdict);
  } else {
    refuse("message", verdict);
  }
  co_return true;
}

bool ServerSession::simple(const proto::Command& command) {
  switch (command.verb) {
    case Verb::rset:
      if (!command.argument.empty()) return refuse("RSET", {501, kBadArguments, "RSET takes no argument"}), true;
      reset();
      return reply(250, kFine, "Ok"), true;
    case Verb::noop:
      return reply(250, kFine, "Ok"), true;
    case Verb::help:
      return reply(214, kFine, "EHLO HELO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT; RFC 5321"), true;
    case Verb::vrfy:
      if (command.argument.empty()) return refuse("VRFY", {501, kBadArguments, "VRFY takes an address"}), true;
      return reply(252, kFine, "Send some mail, and I will try"), true;  // RFC 5321 3.5.3
    case Verb::expn:
    case Verb::starttls:
    case Verb::auth:
    case Verb::bdat:
      return refuse("command", {502, kBadSequence, "Command not supported here"}), true;
    default:
      return false;
  }
}

void ServerSession::reply(int code, std::optional<EnhancedStatus> status, std::string_view text) {
  out_ += proto::format_reply(code, status, text);
}

void ServerSession::reply(const ServerReply& what) { reply(what.code, what.status, what.text); }

void ServerSession::refuse(std::string_view what, const ServerReply& why) {
  ++errors_;
  answer_no(what, why);
}

void ServerSession::answer_no(std::string_view what, const ServerReply& why) {
  sink_.refused(what, why);
  reply(why);
}

}  // namespace mxpress::mta::smtp
