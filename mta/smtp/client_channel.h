// A stream as the client's side of the dialogue: lines go out, replies come in, each within its time. RFC 5321 2.3.8, 4.2, 4.5.3.2.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mta/auth/login.h"
#include "mta/net/stream.h"
#include "proto/reply.h"
#include "proto/status.h"

namespace mxpress::mta::smtp {

// Thread: of the stream's executor. After a failure nothing works any more but close().
class ClientChannel {
 public:
  explicit ClientChannel(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)) {}

  // No wait ends later than this, whatever its own time-out.
  void set_end(BootTime end) { end_ = end; }
  // Sends complete lines. The memory must live until the task is done.
  Task<Status> send(std::string_view bytes, Duration timeout) { return send_rest(send_at_once(bytes, timeout)); }
  // The same in two steps. What is left after the first, nearly always nothing, has to be sent by the second.
  std::string_view send_at_once(std::string_view bytes, Duration timeout);
  Task<Status> send_rest(std::string_view bytes);
  // The next reply in order.
  Task<Result<proto::Reply>> read_reply(Duration timeout);
  // The same without waiting: nothing while what was read has no more whole reply.
  std::optional<Result<proto::Reply>> buffered_reply();
  // Like read_reply(), also after send() has failed: a host may say why before it closes. After a send() that timed out only what the host
  // has said by then is read: the time-out of the block is the whole wait.
  Task<Result<proto::Reply>> read_last_words(Duration timeout);
  // RFC 3207 4.2, 6: fails when the host has sent anything behind its 220, in the same segment or a later one; what the host said before is
  // forgotten.
  Task<Status> start_tls(std::string server_name, net::TlsOffer use, Duration timeout);
  // The host has said something that was not asked for: the two are out of step.
  Error out_of_turn() { return fail(Error::transient("the mail host spoke out of turn"), kNotSmtp); }
  // In the handshake, where the host asks for one.
  void show_certificate(std::shared_ptr<const net::ClientCertificate> certificate) { stream_->show_certificate(std::move(certificate)); }
  void close();
  // From now on the text of a reply that repeats the password is replaced: replies are shown, logged and stored.
  void conceal(std::shared_ptr<const auth::Login> login) { login_ = std::move(login); }
  // Whether the host's challenges (334) stay as they are: while it signs in, when nobody keeps them.
  void take_challenges(bool whether) { takes_challenges_ = whether; }

  // Octets have been read that no command has asked for.
  bool has_unread() const { return begin_ != size_; }
  // The host has sent something or closed while it should wait for us.
  bool has_spoken() { return has_unread() || stream_->has_input(); }
  // The same while content is sent: inside TLS only what was read counts, because TLS talks for itself at any time.
  bool has_interrupted() { return has_unread() || (!tls().active() && stream_->has_input()); }
  bool is_open() const { return open_; }
  const net::TlsState& tls() const { return stream_->tls(); }
  std::string tls_binding() const { return stream_->tls_binding(); }
  // What the last failure was: 4.4.2 for a lost connection, 4.5.5 for what is no SMTP.
  proto::EnhancedStatus failure() const { return failure_; }

 private:
  static constexpr proto::EnhancedStatus kConnectionLost{4, 4, 2};
  static constexpr proto::EnhancedStatus kNotSmtp{4, 5, 5};

  void set_deadline(Duration timeout);
  Error fail(Error error, proto::EnhancedStatus status);

  std::unique_ptr<net::Stream> stream_;
  std::shared_ptr<const auth::Login> login_;  // null: there is nothing to conceal
  bool takes_challenges_ = false;
  BootTime end_ = BootTime::max();
  BootTime deadline_ = BootTime::max();
  bool send_timed_out_ = false;
  proto::ReplyParser parser_;
  std::array<char, 4096> buffer_;  // octets begin_ to size_ are not parsed yet
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
  bool open_ = true;
  proto::EnhancedStatus failure_;
};

}  // namespace mxpress::mta::smtp
