// The host's side of the conversation.
#include "tests/sim/mail_host.h"

#include <charconv>

namespace mxpress::sim {
namespace {

constexpr std::string_view kEnd = "\r\n.\r\n";
constexpr Duration kQuick = std::chrono::milliseconds(40);

// "RCPT TO:<u12@d3.example> NOTIFY=..." -> "u12@d3.example"
std::string address_in(const std::string& line) {
  const auto begin = line.find('<') + 1;
  return line.substr(begin, line.find('>') - begin);
}

// "u12@d3.example" -> 12; nothing for the sender of a message, who gets a notice.
std::optional<Ledger::Index> recipient_in(const std::string& address) {
  Ledger::Index index = 0;
  if (address[0] != 'u') return std::nullopt;
  std::from_chars(address.data() + 1, address.data() + address.size(), index);
  return index;
}

std::optional<queue::QueueId> message_id_in(const std::string& content) {
  constexpr std::string_view kField = "Message-ID: <";
  const auto at = content.find(kField);
  return at == std::string::npos ? std::nullopt : queue::QueueId::parse(std::string_view(content).substr(at + kField.size(), 13));
}

}  // namespace

MailHost::MailHost(const World& world, const Host& host, HostWork& work, Ledger& ledger, Limits limits,
                   std::unique_ptr<mta::net::Stream> stream)
    : world_(world),
      host_(host),
      work_(work),
      ledger_(ledger),
      limits_(limits),
      stream_(std::move(stream)),
      chance_(mix(host.seed, ++work.greeted)) {
  ++work_.live;
}

MailHost::~MailHost() { --work_.live; }

Task<void> MailHost::serve() {
  stream_->set_deadline(BootTime::max());
  if (host_.kind != HostKind::says_nothing) co_await say(greeting());
  while (open_) {
    auto line = co_await read_line();
    if (!line) break;
    co_await answer(std::move(*line));
  }
  stream_->close();
}

Task<void> MailHost::wait(Duration duration) {
  if (duration <= Duration(0)) co_return;
  Timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(use_task);
}

Task<void> MailHost::say(std::string reply) {
  co_await wait(host_.pace);
  const bool closes = reply.starts_with("421");
  reply += "\r\n";
  if (!co_await stream_->write(reply) || closes) open_ = false;
}

Task<std::optional<std::string>> MailHost::read_line() {
  for (;;) {
    const auto end = buffer_.find("\r\n");
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 2);
      co_return line;
    }
    char piece[4096];
    const auto got = co_await stream_->read_some(piece, sizeof piece);
    if (!got || *got == 0) co_return std::nullopt;
    buffer_.append(piece, *got);
  }
}

Task<std::optional<std::string>> MailHost::read_content() {
  std::size_t looked = 0;
  char piece[16384];
  for (;;) {
    const auto end = buffer_.find(kEnd, looked);
    if (end != std::string::npos) {
      std::string content = buffer_.substr(0, end + 2);
      buffer_.erase(0, end + kEnd.size());
      co_return content;
    }
    looked = buffer_.size() < kEnd.size() ? 0 : buffer_.size() - kEnd.size() + 1;
    const auto got = co_await stream_->read_some(piece, sizeof piece);
    if (!got || *got == 0) co_return std::nullopt;
    buffer_.append(piece, *got);
  }
}

std::string MailHost::greeting() {
  if (host_.kind == HostKind::takes_no_mail) return "521 5.3.2 no mail here";
  if (host_.kind == HostKind::limits_connections && work_.live > host_.limit) return "421 4.7.0 too many connections";
  return "220 " + host_.name + " ESMTP";
}

std::string MailHost::hello() const {
  std::string reply = "250-" + host_.name + "\r\n";
  if (host_.pipelining) reply += "250-PIPELINING\r\n";
  if (host_.dsn) reply += "250-DSN\r\n";
  if (host_.tls && !stream_->tls().active()) reply += "250-STARTTLS\r\n";
  return reply + "250 SIZE";
}

Task<void> MailHost::answer(std::string line) {
  if (line.starts_with("EHLO")) {
    co_await say(hello());
  } else if (line.starts_with("STARTTLS")) {
    co_await say("220 go on");
    (void)(co_await stream_->start_tls_client("", mta::net::TlsOffer::usual)).ok();
  } else if (line.starts_with("MAIL")) {
    co_await say(mail());
  } else if (line.starts_with("RCPT")) {
    co_await say(rcpt(line));
  } else if (line.starts_with("DATA")) {
    co_await data();
  } else if (line.starts_with("QUIT")) {
    co_await say("221 bye");
    open_ = false;
  } else {
    if (line.starts_with("RSET")) in_transaction_ = false;
    co_await say("250 ok");
  }
}

bool MailHost::beyond_rate() {
  const Instant now = instant_now();
  if (now - work_.hour >= std::chrono::hours(1)) {
    work_.hour = now;
    work_.in_hour = 0;
  }
  return host_.kind == HostKind::limits_rate && work_.in_hour >= host_.limit;
}

std::string MailHost::mail() {
  in_transaction_ = true;
  mail_at_ = instant_now();
  offered_ = 0;
  accepted_.clear();
  if (host_.kind == HostKind::closes_often && messages_ >= host_.limit) return "421 4.7.0 enough for now";
  if (beyond_rate() && host_.seed % 2) return "421 4.7.0 too much mail this hour";
  return "250 ok";
}

std::string MailHost::rcpt(const std::string& line) {
  if (!in_transaction_) return "503 no";
  if (++offered_ > limits_.recipients) ledger_.wrong(host_.name + " was offered more recipients than configured");
  const std::string address = address_in(line);
  const auto recipient = recipient_in(address);
  if (recipient && *recipient >= ledger_.recipient_count()) {
    ledger_.wrong(host_.name + " was offered " + address + ", which nobody has submitted");
    return "550 5.1.1 no such user";
  }
  if (recipient) ledger_.offered(*recipient, mail_at_);
  if (beyond_rate()) return "450 4.7.1 too much mail this hour";
  if (host_.most_recipients > 0 && accepted_.size() >= host_.most_recipients) return "452 4.5.3 too many recipients";
  if (recipient) {
    if (std::string reply = judge(*recipient); !reply.empty()) return reply;
  }
  accepted_.push_back(address);
  return "250 ok";
}

// This host's objection to a recipient; empty: none.
std::string MailHost::judge(Ledger::Index recipient) {
  const auto& entry = ledger_.recipient(recipient);
  if (world_.is_unknown_user(entry.destination, recipient)) {
    ledger_.was_refused(recipient);
    return "550 5.1.1 no such user";
  }
  if (host_.kind != HostKind::greylists) return "";
  return instant_now() - ledger_.first_seen(recipient) < host_.greylisted ? "451 4.7.1 greylisted" : "";
}

Task<void> MailHost::data() {
  if (accepted_.empty()) co_return co_await say("554 5.5.1 no recipients");
  if (host_.kind == HostKind::moody && chance_.one_in(8)) co_return co_await say("451 4.3.0 not now");
  co_await say("354 go on");
  auto content = co_await read_content();
  if (!content) {
    open_ = false;
    co_return;
  }
  co_await wait(kQuick);
  co_await dot(std::move(*content));
  in_transaction_ = false;
}

Task<void> MailHost::dot(std::string content) {
  ++messages_;
  ++work_.in_hour;
  if (host_.kind == HostKind::loses_replies && chance_.one_in(4)) co_return co_await lose_reply(chance_.one_in(2), content);
  if (host_.kind == HostKind::moody && chance_.one_in(8)) co_return co_await say("451 4.2.0 try again");
  if (host_.kind == HostKind::moody && chance_.one_in(20)) {
    if (const auto id = message_id_in(content))
      for (const auto recipient : booked(ledger_.index_of(*id))) ledger_.was_refused(recipient);
    co_return co_await say("554 5.6.0 not with this content");
  }
  take(content);
  co_await say("250 2.0.0 taken");
}

// The worst moment: only the host knows the fate of the message.
Task<void> MailHost::lose_reply(bool taken, const std::string& content) {
  if (taken) {
    take(content);
    if (const auto id = message_id_in(content)) ledger_.reply_lost(ledger_.index_of(*id), booked(ledger_.index_of(*id)));
  }
  if (chance_.one_in(4)) co_await wait(std::chrono::minutes(12));  // longer than any client waits
  open_ = false;
}

void MailHost::take(const std::string& content) {
  const auto id = message_id_in(content);
  const auto message = id ? ledger_.index_of(*id) : queue::kNone;
  if (message == queue::kNone) return ledger_.wrong(host_.name + " got a message that nobody has submitted");
  ledger_.delivered(message, booked(message), content);
}

// The recipients of this transaction in the ledger. A notice has one.
std::vector<Ledger::Index> MailHost::booked(Ledger::Index message) const {
  std::vector<Ledger::Index> result;
  for (const std::string& address : accepted_) result.push_back(recipient_in(address).value_or(ledger_.message(message).first));
  return result;
}

}  // namespace mxpress::sim
