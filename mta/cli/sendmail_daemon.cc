// A blocking SMTP client of the daemon.
#include "mta/cli/sendmail_daemon.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "mta/cli/sendmail_outlet.h"
#include "proto/extensions.h"
#include "proto/queue_id.h"
#include "proto/reply.h"

namespace mxpress::mta::cli {
namespace {

using proto::ExitCode;

constexpr int kTimeout = 600;         // seconds, of each read and write: the reply to the final dot may take long (RFC 5321 4.5.3.2.6)
constexpr int kGreetingTimeout = 10;  // seconds: a daemon that waits for room on a full disk has sockets, and greets nobody
constexpr std::size_t kGroup = 100;   // commands in flight: their replies fit into the socket's buffer

// The text read from stdin cannot be read again: only the caller may have a copy.
ExitStatus lost_before_end() {
  return {ExitCode::try_later, "mxpressd went away in the middle of the message: it was not sent, and no copy was kept; send it again",
          true};
}

ExitStatus lost_after_end() {
  return {
      ExitCode::try_later,
      "mxpressd went away before it confirmed the message: it may or may not be sent, and no other copy was kept; send it again, at the "
      "risk of a duplicate"};
}

bool is_shutting_down(const proto::Reply& reply) { return reply.code == 421 && reply.enhanced == proto::EnhancedStatus{4, 3, 2}; }

ExitStatus judge(const proto::Reply& reply) {
  if (reply.is_positive() || reply.is_intermediate()) return {};
  constexpr int kPolicy = 7;  // RFC 3463 3.8: X.7.X
  const bool is_forbidden = reply.enhanced && reply.enhanced->subject == kPolicy;
  const bool is_no_user = reply.enhanced && reply.enhanced->subject == 1 && reply.enhanced->detail == 1;  // RFC 3463 3.2: X.1.1
  const ExitCode refused = is_forbidden ? ExitCode::no_permission : is_no_user ? ExitCode::no_user : ExitCode::data;
  const ExitCode code = reply.is_transient() ? ExitCode::try_later : refused;
  return {code, "mxpressd says: " + reply.to_string(), is_shutting_down(reply)};
}

class SubmissionClient final : public Outlet {
 public:
  explicit SubmissionClient(int socket) : socket_(socket) {}
  ~SubmissionClient() override { ::close(socket_); }

  std::optional<proto::Reply> read_reply();
  ExitStatus begin(const std::vector<std::string>& commands) override;
  ExitStatus send(std::string_view bytes) override;
  ExitStatus finish() override;
  std::string place() const override;
  std::string queue_id() const override;
  std::optional<std::uint64_t> limit() override;

 private:
  bool read_more();
  ExitStatus read_status();
  ExitStatus read_last_words();
  ExitStatus group(const std::string* first, std::size_t count);

  const int socket_;
  std::string received_;
  proto::ReplyParser parser_;
  proto::Reply last_;  // to the final dot
};

bool SubmissionClient::read_more() {
  char buffer[4096];
  ssize_t size = 0;
  do {
    size = ::read(socket_, buffer, sizeof buffer);
  } while (size < 0 && errno == EINTR);
  if (size <= 0) return false;
  received_.append(buffer, static_cast<std::size_t>(size));
  return true;
}

std::optional<proto::Reply> SubmissionClient::read_reply() {
  while (true) {
    received_.erase(0, parser_.feed(received_));
    if (auto reply = parser_.take()) return reply->ok() ? std::optional(std::move(**reply)) : std::nullopt;
    if (!read_more()) return std::nullopt;
  }
}

ExitStatus SubmissionClient::read_status() {
  const auto reply = read_reply();
  return reply ? judge(*reply) : lost_before_end();
}

// A daemon that disconnects in the middle may have sent the reason.
ExitStatus SubmissionClient::read_last_words() {
  ExitStatus status = read_status();
  return status.ok() ? lost_before_end() : status;
}

// All replies are read, so that the first refusal is reported.
ExitStatus SubmissionClient::group(const std::string* first, std::size_t count) {
  std::string commands;
  for (std::size_t i = 0; i < count; ++i) commands += first[i];
  if (!write_all(socket_, commands)) return read_last_words();
  ExitStatus worst;
  for (std::size_t i = 0; i < count; ++i) {
    ExitStatus status = read_status();
    if (worst.ok()) worst = std::move(status);
  }
  return worst;
}

// DATA is sent separately: content is only promised once every recipient was accepted.
ExitStatus SubmissionClient::begin(const std::vector<std::string>& commands) {
  const std::size_t envelope = commands.size() - 1;
  for (std::size_t from = 0; from < envelope; from += kGroup) {
    ExitStatus status = group(&commands[from], std::min(kGroup, envelope - from));
    if (!status.ok()) return status;
  }
  return group(&commands[envelope], 1);
}

ExitStatus SubmissionClient::send(std::string_view bytes) { return write_all(socket_, bytes) ? ExitStatus() : read_last_words(); }

ExitStatus SubmissionClient::finish() {
  auto reply = read_reply();
  if (!reply) return lost_after_end();
  last_ = std::move(*reply);
  return judge(last_);
}

// The last word of mxpressd's reply.
std::string SubmissionClient::queue_id() const {
  const std::string text = last_.to_string();
  const auto id = proto::QueueId::parse(text.substr(text.rfind(' ') + 1));
  return id ? id->to_string() : std::string();
}

std::string SubmissionClient::place() const {
  const std::string id = queue_id();
  return id.empty() ? "accepted: " + last_.to_string() : "queued as " + id;
}

// RFC 1870 4
std::optional<std::uint64_t> SubmissionClient::limit() {
  if (!write_all(socket_, "EHLO localhost\r\n")) return std::nullopt;
  const auto reply = read_reply();
  if (!reply || !reply->is_positive()) return std::nullopt;
  const auto limit = proto::parse_extensions(*reply).size_limit;
  return limit && *limit != 0 ? limit : std::nullopt;
}

// EAFNOSUPPORT: the caller runs under systemd's RestrictAddressFamilies= without AF_UNIX, but may still leave a file for the daemon.
// EAGAIN: there are many connections already, and the daemon accepts none.
bool is_absent(int code) {
  constexpr int kAbsent[] = {ENOENT, ENOTDIR, ECONNREFUSED, ECONNRESET, EPIPE, EAFNOSUPPORT, EAGAIN};
  return std::find(std::begin(kAbsent), std::end(kAbsent), code) != std::end(kAbsent);
}

void limit_waits(int socket, int seconds) {
  const timeval timeout{seconds, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

}  // namespace

int connect_submission(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return errno = ENOENT, -1;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  limit_waits(socket, kGreetingTimeout);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    limit_waits(socket, kTimeout);
    return socket;
  }
  const int code = errno;
  ::close(socket);
  return errno = code, -1;
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

OpenedOutlet open_daemon(const std::string& socket_path) {
  const int socket = connect_submission(socket_path);
  if (socket < 0 && is_absent(errno)) return {nullptr, {}, true};
  if (socket < 0) return {nullptr, {ExitCode::try_later, "cannot reach mxpressd at " + socket_path + ": " + std::strerror(errno)}, false};
  auto daemon = std::make_unique<SubmissionClient>(socket);
  limit_waits(socket, kGreetingTimeout);
  const auto greeting = daemon->read_reply();
  limit_waits(socket, kTimeout);
  if (!greeting || is_shutting_down(*greeting)) return {nullptr, {}, true};
  ExitStatus status = judge(*greeting);
  if (!status.ok()) return {nullptr, std::move(status), false};
  return {std::move(daemon), {}, false};
}

}  // namespace mxpress::mta::cli
