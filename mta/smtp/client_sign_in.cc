// AUTH, step by step. No part of the exchange ever goes into a text.
#include "mta/smtp/client_sign_in.h"

#include "mta/auth/sasl_client.h"
#include "proto/encoding.h"

namespace mxpress::mta::smtp {
namespace {

using proto::Stage;

constexpr proto::EnhancedStatus kNotSignedIn{4, 7, 8};    // RFC 4954 6
constexpr proto::EnhancedStatus kNotConfigured{4, 3, 5};  // RFC 3463 3.4
constexpr int kBadCredentials = 535;
constexpr std::size_t kMostOfLine = 500;  // RFC 5321 4.5.3.1.4: 512 with CRLF; longer first answers wait for their challenge

std::string words_after_code(const proto::Reply& reply) {
  std::string words;
  for (const std::string_view line : reply.lines()) words += line;
  return words;
}

bool is_about_mechanism(const proto::Reply& reply) {
  return reply.code == 504 || reply.code == 534 || (reply.code >= 500 && reply.code <= 503);
}

}  // namespace

Task<bool> ClientSignIn::run(const std::vector<std::string>& offered) {
  if (!login_.failure.empty()) {
    failure_ = report_.found(Stage::auth, kNotConfigured, login_.failure);
    co_return false;
  }
  const net::TlsState& tls = channel_.tls();
  const auth::Channel proved{tls.level == net::TlsLevel::verified, channel_.tls_binding(), target_.host, target_.port,
                             tls.wants_certificate};
  if (auth::is_known_by_certificate(offered, login_, proved)) co_return true;
  const auto choice = auth::choose_mechanisms(offered, login_, proved);
  if (choice.mechanisms.empty()) {
    failure_ = report_.found(Stage::auth, kNotSignedIn, choice.failure);
    co_return false;
  }
  Tried tried = Tried::not_this_one;
  int tries = 0;
  for (const std::string& mechanism : choice.mechanisms) {
    if (tried == Tried::only_with_password && !auth::shows_password(mechanism)) continue;
    tried = co_await attempt(auth::SaslClient(mechanism, login_, proved));
    const bool is_over = tried == Tried::signed_in || tried == Tried::refused;
    if (is_over || ++tries == kMostTries || !channel_.is_open()) break;
  }
  co_return tried == Tried::signed_in;
}

Task<ClientSignIn::Tried> ClientSignIn::attempt(auth::SaslClient exchange) {
  auto reply = co_await begin(exchange);
  while (reply.ok() && reply->code == proto::kAuthContinues) {
    const auto challenge = proto::decoded_base64(words_after_code(*reply));
    if (!challenge) co_return co_await abort(Error::transient("the mail host's challenge is no base64"));
    const auto octets = exchange.step(*challenge);
    if (!octets) co_return co_await abort(octets.error());
    reply = co_await answer(*octets);
  }
  if (reply.ok()) co_return judge(exchange, *reply);
  failure_ = report_.lost(Stage::auth, reply.error(), "signing in by " + exchange.mechanism());
  channel_.close();
  co_return Tried::refused;
}

// RFC 4954 4: the first answer is sent with the command if it fits, "=" if it is empty.
Task<Result<proto::Reply>> ClientSignIn::begin(auth::SaslClient& exchange) {
  const std::string command = "AUTH " + exchange.mechanism();
  if (!exchange.begins()) co_return co_await send(command);
  auto step = exchange.step({});
  if (!step) co_return step.error();
  const auth::Secret first(std::move(*step));
  const auth::Secret encoded(first.empty() ? "=" : proto::base64(first.reveal()));
  if (command.size() + 1 + encoded.reveal().size() <= kMostOfLine) co_return co_await send(command + " " + encoded.reveal());
  auto reply = co_await send(command);
  if (!reply.ok() || reply->code != proto::kAuthContinues) co_return reply;
  co_return co_await answer(first.reveal());
}

Task<Result<proto::Reply>> ClientSignIn::answer(std::string_view octets) { co_return co_await send(proto::base64(octets)); }

Task<Result<proto::Reply>> ClientSignIn::send(std::string line) {
  if (channel_.has_unread()) co_return channel_.out_of_turn();
  line += "\r\n";
  const Status sent = co_await channel_.send(line, timeout_);
  auth::wipe(line);
  if (!sent.ok()) co_return co_await channel_.read_last_words(timeout_);
  co_return co_await channel_.read_reply(timeout_);
}

// RFC 4954 4: "*" cancels the exchange. Its reply, 501, gives no new information.
Task<ClientSignIn::Tried> ClientSignIn::abort(const Error& why) {
  (void)co_await send("*");
  co_return found(why.message);
}

ClientSignIn::Tried ClientSignIn::judge(const auth::SaslClient& exchange, const proto::Reply& reply) {
  if (reply.is_positive() && exchange.is_complete()) return Tried::signed_in;
  if (reply.is_positive())
    return found("the mail host ends signing in by " + exchange.mechanism() + " before it has proved that it knows the password");
  failure_ = report_.replied(Stage::auth, reply);
  if (is_about_mechanism(reply)) return Tried::not_this_one;
  // The host may offer mechanisms that cannot work: passwords that it stores hashed serve only PLAIN and LOGIN.
  const bool was_challenged = reply.code == kBadCredentials && !auth::shows_password(exchange.mechanism());
  return was_challenged ? Tried::only_with_password : Tried::refused;
}

ClientSignIn::Tried ClientSignIn::found(std::string_view words) {
  failure_ = report_.found(Stage::auth, kNotSignedIn, words);
  return Tried::refused;
}

}  // namespace mxpress::mta::smtp
