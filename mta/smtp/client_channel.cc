// Sends lines, and receives replies.
#include "mta/smtp/client_channel.h"

#include <algorithm>
#include "mta/config/route_config.h"

namespace mxpress::mta::smtp {
namespace {

// Checks the reply in both forms: as received and as shown.
bool repeats_secret(const proto::Reply& reply, const auth::Login& login) {
  constexpr std::size_t kMostKept = 4096;
  return auth::repeats_secret(std::string_view(reply.text).substr(0, kMostKept), login) || auth::repeats_secret(reply.to_string(), login);
}

}  // namespace

std::string_view ClientChannel::send_at_once(std::string_view bytes, Duration timeout) {
  set_deadline(timeout);
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
  }
}

std::optional<Result<proto::Reply>> ClientChannel::buffered_reply() {
  begin_ += parser_.feed(std::string_view(buffer_.data() + begin_, size_ - begin_));
  std::optional<Result<proto::Reply>> reply = parser_.take();
  if (reply && !reply->ok()) return fail(reply->error(), kNotSmtp);
  const bool is_challenge = reply && takes_challenges_ && (*reply)->code == proto::kAuthContinues;
  if (reply && login_ && !is_challenge && repeats_secret(**reply, *login_))
    (*reply)->text = login_->kind == SecretKind::token ? "(a reply that repeats the access token)" : "(a reply that repeats the password)";
  return reply;
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
  if (!started.ok()) co_return fail(started.error(), kConnectionLost);
  co_return started;
}

void ClientChannel::close() {
  open_ = false;
  stream_->close();
}

void ClientChannel::set_deadline(Duration timeout) {
  deadline_ = std::min<BootTime>(BootClock::now() + timeout, end_);
  stream_->set_deadline(deadline_);
}

Error ClientChannel::fail(Error error, proto::EnhancedStatus status) {
  open_ = false;
  failure_ = status;
  return error;
}

}  // namespace mxpress::mta::smtp
