// Opens a session.
#include "mta/smtp/client_opening.h"

#include "dns/resolver.h"
#include "mta/smtp/client.h"
#include "mta/smtp/client_sign_in.h"

namespace mxpress::mta::smtp {
namespace {

using net::TlsFailure;
using proto::Stage;

constexpr int kClosing = 421;      // RFC 5321 3.8
constexpr int kTakesNoMail = 521;  // RFC 7504 3
constexpr proto::EnhancedStatus kTlsFailure{4, 7, 5};

}  // namespace

Task<bool> ClientOpening::run() {
  channel_.conceal(options_.login);
  const bool is_open = co_await open();
  if (!is_open && tls_.forbids_mail()) failure_ = not_allowed(target_, tls_);
  co_return is_open;
}

Task<bool> ClientOpening::open() {
  if (options_.implicit_tls && !co_await shake_hands()) co_return false;
  if (!co_await greeting()) co_return false;
  if (!co_await hello()) co_return false;
  if (!options_.implicit_tls && !co_await secure()) co_return false;
  if (options_.require_tls && !extensions_.require_tls) {
    lacks_require_tls_ = true;
    failure_ = report_.found(Stage::hello, kRequireTlsNeeded, "the mail host does not offer REQUIRETLS, which the sender demands");
    co_await quit_and_close(channel_, options_.timeouts.quit);
    co_return false;
  }
  co_return !options_.login || co_await sign_in();
}

// STARTTLS, if the policy wants it and the host offers it.
Task<bool> ClientOpening::secure() {
  const bool offers_tls = options_.offer != net::TlsOffer::clear && options_.tls.kind() != net::TlsPolicy::Kind::none;
  if (!offers_tls && options_.tls.is_testing()) note(TlsFailure::validation_failure, "TLS with the mail host has failed before");
  if (!offers_tls && options_.tls.allows_clear()) co_return true;
  if (!offers_tls || !extensions_.starttls) co_return co_await without_tls();
  if (!co_await starttls()) co_return false;
  // RFC 3207 4.2: earlier replies of the host no longer count.
  extensions_ = proto::Extensions();
  has_answered_ = false;
  const bool is_open = co_await hello();
  // The handshake may look complete on this side when the host has already aborted it (in TLS 1.3 the client learns it last): TLS counts as
  // working once the host has answered in it.
  if (!is_open && !has_answered_) {
    handshake_ = channel_.tls().resumed ? net::HandshakeFailure::resumed : net::HandshakeFailure::other;
    note(TlsFailure::validation_failure, "the mail host broke off behind the handshake");
  }
  co_return is_open;
}

// RFC 5321 3.1: send nothing before the greeting. 554 and 521 mean that this host accepts no mail; others may.
Task<bool> ClientOpening::greeting() {
  Result<proto::Reply> reply = co_await channel_.read_reply(options_.timeouts.greeting);
  if (!reply.ok()) co_return failed(Stage::greeting, reply.error(), "waiting for the greeting");
  if (!reply->is_positive()) co_return co_await refused(Stage::greeting, std::move(*reply));
  co_return true;
}

// RFC 5321 3.2: a host that does not know EHLO may know HELO.
Task<bool> ClientOpening::hello() {
  const bool is_lmtp = options_.dialect == Dialect::lmtp;  // RFC 2033 4.1: LHLO, and nothing older
  const std::string verb = is_lmtp ? "LHLO " : "EHLO ";
  Result<proto::Reply> reply = co_await command(verb + options_.hello_name + "\r\n", options_.timeouts.hello);
  if (!reply.ok()) co_return failed(Stage::hello, reply.error(), "waiting for the reply to " + verb.substr(0, 4));
  has_answered_ = true;
  if (reply->is_permanent() && reply->code != kTakesNoMail && !is_lmtp) co_return co_await helo();
  if (!reply->is_positive()) co_return co_await refused(Stage::hello, std::move(*reply));
  extensions_ = proto::parse_extensions(*reply);
  note_name(*reply);
  co_return true;
}

Task<bool> ClientOpening::helo() {
  Result<proto::Reply> reply = co_await command("HELO " + options_.hello_name + "\r\n", options_.timeouts.hello);
  if (!reply.ok()) co_return failed(Stage::hello, reply.error(), "waiting for the reply to HELO");
  if (!reply->is_positive()) co_return co_await refused(Stage::hello, std::move(*reply));
  note_name(*reply);
  co_return true;
}

// RFC 5321 4.1.1.1: the first word of the reply.
void ClientOpening::note_name(const proto::Reply& reply) {
  const std::string_view line = reply.lines().front();
  if (host_name_.empty()) host_name_ = line.substr(0, line.find(' '));
}

// RFC 3207 4.1: the caller decides about any failure; this connection is not used any more.
Task<bool> ClientOpening::starttls() {
  Result<proto::Reply> reply = co_await command("STARTTLS\r\n", options_.timeouts.tls);
  if (!reply.ok()) co_return failed_tls(reply.error(), "waiting for the reply to STARTTLS");
  if (!reply->is_positive()) {
    if (reply->code == kClosing) co_return co_await refused(Stage::tls, std::move(*reply));
    handshake_ = net::HandshakeFailure::refused;
    note(TlsFailure::starttls_not_supported, "the mail host refused STARTTLS: " + reply->to_string());
    co_return co_await refused(Stage::tls, std::move(*reply));
  }
  co_return co_await shake_hands();
}

Task<bool> ClientOpening::shake_hands() {
  if (options_.login) channel_.show_certificate(options_.login->certificate);
  const Status started = co_await channel_.start_tls(target_.host, options_.offer, options_.timeouts.tls);
  if (!started.ok()) co_return failed_tls(started.error(), "starting TLS");
  const net::TlsState& state = channel_.tls();
  tls_.reached = state.level;
  note(state.failure, state.detail);
  co_return true;
}

// Without sign-in the host never gets our mail, so no reply here fails a recipient.
Task<bool> ClientOpening::sign_in() {
  ClientSignIn exchange(channel_, target_, *options_.login, options_.timeouts.hello);
  channel_.take_challenges(true);
  const bool is_signed_in = co_await exchange.run(extensions_.auth);
  channel_.take_challenges(false);
  if (is_signed_in) co_return true;
  failure_ = exchange.failure();
  co_await quit_and_close(channel_, options_.timeouts.quit);
  co_return false;
}

// The host offers no STARTTLS.
Task<bool> ClientOpening::without_tls() {
  note(TlsFailure::starttls_not_supported, {});
  if (options_.tls.allows_clear()) co_return true;
  co_await quit_and_close(channel_, options_.timeouts.quit);
  co_return false;
}

void ClientOpening::note(TlsFailure failure, std::string detail) {
  if (failure == TlsFailure::none) return;
  tls_.failure = failure;
  tls_.detail = std::move(detail);
}

// A host that sends unrequested replies cannot be kept in step.
Task<Result<proto::Reply>> ClientOpening::command(std::string line, Duration timeout) {
  if (channel_.has_unread()) co_return channel_.out_of_turn();
  const Status sent = co_await channel_.send(line, timeout);
  if (!sent.ok()) co_return co_await channel_.read_last_words(options_.timeouts.quit);
  co_return co_await channel_.read_reply(timeout);
}

Task<bool> ClientOpening::refused(Stage stage, proto::Reply reply) {
  failure_ = report_.replied(stage, reply);
  if (reply.code == kClosing) {
    channel_.close();
  } else {
    co_await quit_and_close(channel_, options_.timeouts.quit);
  }
  co_return false;
}

bool ClientOpening::failed(Stage stage, const Error& error, std::string_view doing) {
  failure_ = report_.lost(stage, error, doing);
  channel_.close();
  return false;
}

bool ClientOpening::failed_tls(const Error& error, std::string_view doing) {
  failed(Stage::tls, error, doing);
  failure_.status = kTlsFailure;
  const net::TlsState& state = channel_.tls();
  handshake_ = state.handshake == net::HandshakeFailure::none ? net::HandshakeFailure::other : state.handshake;
  if (handshake_ == net::HandshakeFailure::not_now) return false;
  note(TlsFailure::validation_failure, "TLS with the mail host failed (" + failure_.text + ")");
  note(state.failure, state.detail);
  return false;
}

Task<Result<proto::Reply>> send_reset(ClientChannel& channel, const Timeouts& timeouts) {
  const Status sent = co_await channel.send("RSET\r\n", timeouts.mail);
  co_return co_await channel.read_last_words(sent.ok() ? timeouts.mail : timeouts.quit);
}

Task<void> quit_and_close(ClientChannel& channel, Duration timeout) {
  if (channel.is_open()) {
    const Status sent = co_await channel.send("QUIT\r\n", timeout);
    if (sent.ok()) (void)co_await channel.read_reply(timeout);
  }
  channel.close();
}

}  // namespace mxpress::mta::smtp
