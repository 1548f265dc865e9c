// A stream as the client's side of the dialogue: sends lines, receives replies, each within its time. RFC 5321 2.3.8, 4.2, 4.5.3.2.
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

class Dialogue;

// Thread: of the stream's executor. After a failure only close() works.
class ClientChannel {
 public:
  explicit ClientChannel(std::unique_ptr<net::Stream> stream);
  ~ClientChannel();

  // No wait ends later than this, even with a longer time-out.
  void set_end(BootTime end) { end_ = end; }
  // Sends complete lines. The memory must stay valid until the task is done.
  Task<Status> send(std::string_view bytes, Duration timeout) { return send_rest(send_at_once(bytes, timeout)); }
  // The same in two steps. The first returns the unsent rest, usually empty, for the second.
  std::string_view send_at_once(std::string_view bytes, Duration timeout);
  Task<Status> send_rest(std::string_view bytes);
  // The next reply in order.
  Task<Result<proto::Reply>> read_reply(Duration timeout);
  // The same without waiting: nullopt if the octets read so far hold no further complete reply.
  std::optional<Result<proto::Reply>> buffered_reply();
  // Like read_reply(), also after send() has failed: a host may send a reason before it closes. After a send() that timed out only replies
  // that have already arrived are read: the time-out of the block is the whole wait.
  Task<Result<proto::Reply>> read_last_words(Duration timeout);
  // RFC 3207 4.2, 6: fails if the host has sent anything after its 220, in the same segment or a later one. Earlier replies of the host are
  // forgotten.
  Task<Status> start_tls(std::string server_name, net::TlsOffer use, Duration timeout);
  // The error for an unrequested reply: client and host are out of step.
  Error out_of_turn() { return fail(Error::transient("the mail host spoke out of turn"), kNotSmtp); }
  // For the handshake, if the host asks for one.
  void show_certificate(std::shared_ptr<const net::ClientCertificate> certificate) { stream_->show_certificate(std::move(certificate)); }
  void close();
  // From now on the text of a reply that repeats the password is replaced, because replies are shown, logged and stored.
  void conceal(std::shared_ptr<const auth::Login> login) { login_ = std::move(login); }
  // True during sign-in: the host's challenges (334) are not changed, because they are not stored. The dialogue has no part of the exchange
  // but the mechanism and the replies that end it.
  void take_challenges(bool whether) { takes_challenges_ = whether; }
  Dialogue& dialogue() { return *dialogue_; }

  // True if octets were read that no command has asked for.
  bool has_unread() const { return begin_ != size_; }
  // True if the host has sent something or closed while it should wait for us.
  bool has_spoken() { return has_unread() || stream_->has_input(); }
  // The same while content is sent: inside TLS only octets already read count, because TLS itself may send data at any time.
  bool has_interrupted() { return has_unread() || (!tls().active() && stream_->has_input()); }
  bool is_open() const { return open_; }
  const net::TlsState& tls() const { return stream_->tls(); }
  std::string tls_binding() const { return stream_->tls_binding(); }
  std::string local_address() const { return stream_->local_address(); }
  // The status for the last failure: 4.4.2 for a lost connection, 4.5.5 for replies that are not SMTP.
  proto::EnhancedStatus failure() const { return failure_; }

 private:
  static constexpr proto::EnhancedStatus kConnectionLost{4, 4, 2};
  static constexpr proto::EnhancedStatus kNotSmtp{4, 5, 5};

  BootTime set_deadline(Duration timeout);
  void record_sent(std::string_view bytes, BootTime now);
  void record_handshake(const Status& started);
  void record(const proto::Reply& reply);
  Error fail(Error error, proto::EnhancedStatus status);

  std::unique_ptr<net::Stream> stream_;
  std::shared_ptr<const auth::Login> login_;  // null: no secret to conceal
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
  const std::unique_ptr<Dialogue> dialogue_;
};

}  // namespace mxpress::mta::smtp
