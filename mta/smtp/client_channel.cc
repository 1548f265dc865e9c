// Sends lines, and receives replies.
#include "mta/smtp/client_channel.h"

#include <algorithm>

#include "mta/config/route_config.h"
#include "mta/smtp/dialogue.h"
#include "proto/ascii.h"

namespace mxpress::mta::smtp {
namespace {

constexpr std::string_view kAuth = "AUTH ", kNotShown = "(not shown)";

// Checks the reply in both forms: as received and as shown.
bool repeats_secret(const proto::Reply& reply, const auth::Login& login) {
  constexpr std::size_t kMostKept = 4096;
  return auth::repeats_secret(std::string_view(reply.text).substr(0, kMostKept), login) || auth::repeats_secret(reply.to_string(), login);
}

}  // namespace

ClientChannel::ClientChannel(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)), dialogue_(std::make_unique<Dialogue>()) {}

ClientChannel::~ClientChannel() = default;

std::string_view ClientChannel::send_at_once(std::string_view bytes, Duration timeout) {
  record_sent(bytes, set_deadline(timeout));
  return bytes.substr(stream_->write_at_once(bytes));
}

Task<Status> ClientChannel::send_rest(std::string_view bytes) {
  if (bytes.empty()) co_return Status();
  const Status sent = co_await stream_->write(bytes);
  send_timed_out_ = !sent.ok() && BootClock::now() >= deadline_;
  if (!sent.ok()) co_return fail(sent.error(), kConnectionLost);
  co_return sent;
}

Task<Result<proto::Reply>> ClientChannel::read_reply(Duration timeout) {
  set_deadline(timeout);
  while (true) {
    if (auto reply = buffered_reply()) co_return std::move(*reply);
    begin_ = size_ = 0;
    const Result<std::size_t> count = co_await stream_->read_some(buffer_.data(), buffer_.size());
    if (!count.ok()) co_return fail(count.error(), kConnectionLost);
    if (*count == 0) co_return fail(Error::transient("connection closed by the mail host"), kConnectionLost);
    size_ = *count;
    if (!login_) dialogue_->received({buffer_.data(), size_}, BootClock::now());
  }
}

std::optional<Result<proto::Reply>> ClientChannel::buffered_reply() {
  begin_ += parser_.feed(std::string_view(buffer_.data() + begin_, size_ - begin_));
  std::optional<Result<proto::Reply>> reply = parser_.take();
  if (reply && !reply->ok()) return fail(reply->error(), kNotSmtp);
  const bool is_challenge = reply && takes_challenges_ && (*reply)->code == proto::kAuthContinues;
  if (reply && login_ && !is_challenge && repeats_secret(**reply, *login_))
    (*reply)->text = login_->kind == SecretKind::token ? "(a reply that repeats the access token)" : "(a reply that repeats the password)";
  if (reply && login_) record(**reply);
  return reply;
}

// No part of an exchange gets into the memory of the dialogue.
void ClientChannel::record_sent(std::string_view bytes, BootTime now) {
  if (!takes_challenges_) return dialogue_->sent(bytes, now);
  const bool names_mechanism = proto::equal_in_any_case(bytes.substr(0, kAuth.size()), kAuth);
  const std::size_t end = names_mechanism ? bytes.find_first_of(" \r", kAuth.size()) : 0;
  const bool has_more = end < bytes.size() && bytes[end] != '\r';
  std::string shown(bytes.substr(0, end));
  if (has_more) shown += shown.empty() ? kNotShown : " " + std::string(kNotShown);
  dialogue_->said(proto::Speaker::client, shown, now);
}

// With a login whole replies are recorded, which repeat no password. Else the octets are, even those that are no reply.
void ClientChannel::record(const proto::Reply& reply) {
  const BootTime now = BootClock::now();
  const std::string code = std::to_string(reply.code);
  if (takes_challenges_ && reply.code == proto::kAuthContinues)
    return dialogue_->said(proto::Speaker::host, code + " " + std::string(kNotShown), now);
  const auto lines = reply.lines();
  for (std::size_t i = 0; i < lines.size(); ++i)
    dialogue_->said(proto::Speaker::host, code + (i + 1 < lines.size() ? "-" : " ") + std::string(lines[i]), now);
}

void ClientChannel::record_handshake(const Status& started) {
  const net::TlsState& state = stream_->tls();
  const std::string& why = state.detail.empty() && !started.ok() ? started.error().message : state.detail;
  const std::string words = !started.ok() ? "the handshake failed: " + why : state.description + (why.empty() ? "" : "; " + why);
  dialogue_->said(proto::Speaker::tls, words, BootClock::now());
}

Task<Result<proto::Reply>> ClientChannel::read_last_words(Duration timeout) {
  if (send_timed_out_ && !has_spoken()) co_return Error::transient("timed out");
  const proto::EnhancedStatus first_failure = failure_;
  Result<proto::Reply> reply = co_await read_reply(timeout);
  if (!reply.ok() && first_failure.klass != 0) failure_ = first_failure;
  co_return reply;
}

Task<Status> ClientChannel::start_tls(std::string server_name, net::TlsOffer use, Duration timeout) {
  if (has_unread()) co_return fail(Error::transient("the mail host sent more than its reply to STARTTLS"), kNotSmtp);
  if (has_spoken()) co_return fail(Error::transient("the mail host spoke or closed before the handshake"), kNotSmtp);
  set_deadline(timeout);
  const Status started = co_await stream_->start_tls_client(std::move(server_name), use);
  record_handshake(started);
  if (!started.ok()) co_return fail(started.error(), kConnectionLost);
  co_return started;
}

void ClientChannel::close() {
  open_ = false;
  stream_->close();
}

BootTime ClientChannel::set_deadline(Duration timeout) {
  const BootTime now = BootClock::now();
  deadline_ = std::min<BootTime>(now + timeout, end_);
  stream_->set_deadline(deadline_);
  return now;
}

Error ClientChannel::fail(Error error, proto::EnhancedStatus status) {
  open_ = false;
  failure_ = status;
  return error;
}

}  // namespace mxpress::mta::smtp
