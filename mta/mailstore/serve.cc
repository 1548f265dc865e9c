// Checks who asks for what, becomes the user, delivers.
#include "mta/mailstore/serve.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>

#include "mta/mailstore/account.h"
#include "mta/mailstore/delivery.h"
#include "mta/system/descriptor.h"

namespace mxpress::mta::mailstore {
namespace {

using system::Descriptor;

constexpr timeval kPatience{5, 0};  // for the request
constexpr int kTries = 100;         // to lock a user: half a second
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

Reply deferred(std::string why) { return {Reply::Kind::deferred, std::move(why)}; }

// The kernel says who has connected.
bool may_ask(int socket, const std::string& peer) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || size != sizeof who) return false;
  if (who.uid == 0) return true;
  const auto account = find_account(peer);
  return account && *account && (*account)->uid == who.uid;
}

struct Packet {
  std::string text;
  Descriptor content;
};

// Closes whatever comes beside the one descriptor that is expected.
Descriptor only_descriptor(msghdr& message) {
  Descriptor only;
  int count = 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t bytes = part->cmsg_len - CMSG_LEN(0);
    for (std::size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int), ++count) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(part) + at, sizeof number);
      only = Descriptor(number);
    }
  }
  return count == 1 ? std::move(only) : Descriptor();
}

std::optional<Packet> receive(int socket) {
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  std::array<char, kMaxRequest> text;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(4 * sizeof(int))> control{};
  iovec place{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (got <= 0) return std::nullopt;
  Packet packet{std::string(text.data(), static_cast<std::size_t>(got)), only_descriptor(message)};
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return std::nullopt;
  return packet;
}

// An ordinary file, open for reading alone, that has these octets. One in memory must be sealed, so that it is the same to its end; a file
// of tmpfs cannot be.
bool is_content(int file, const Request& request) {
  struct stat found{};
  const int flags = ::fcntl(file, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) != O_RDONLY || (flags & O_PATH) != 0) return false;
  if (::fstat(file, &found) != 0 || !S_ISREG(found.st_mode)) return false;
  if (request.offset > found.st_size || request.size > found.st_size - request.offset) return false;
  const int seals = ::fcntl(file, F_GET_SEALS);
  return seals < 0 || seals == F_SEAL_SEAL || (seals & kSeals) == kSeals;
}

// Of a user there is one delivery at a time, even if nothing can end it: a file system of the user's own (FUSE) that does not answer
// outlasts SIGKILL. The lock ends with the process at the latest. It is waited for: mail to somebody else may lead to the user, too, so
// that his ~/.forward is being read.
class UserLock {
 public:
  UserLock(int users, uid_t uid) : users_(users), uid_(uid), is_held_(users < 0 || wait()) {}
  ~UserLock() {
    if (users_ >= 0 && is_held_) set(F_UNLCK);
  }
  UserLock(const UserLock&) = delete;
  UserLock& operator=(const UserLock&) = delete;
  bool is_held() const { return is_held_; }

 private:
  bool wait() const {
    constexpr timespec kPause{0, 5'000'000};
    for (int tries = 0; !set(F_WRLCK); ++tries)
      if (tries == kTries || ::nanosleep(&kPause, nullptr) != 0) return false;
    return true;
  }
  bool set(short kind) const {
    struct flock octet{};
    octet.l_type = kind;
    octet.l_whence = SEEK_SET;
    octet.l_start = uid_;
    octet.l_len = 1;
    return ::fcntl(users_, F_SETLK, &octet) == 0;
  }

  const int users_;
  const uid_t uid_;
  const bool is_held_;
};

// Whose mail it is, and as whom it is written: root's is written by `for_root`, who may write /var/mail/root as a member of the group mail.
struct Writer {
  Account account;
  uid_t uid = 0;
};

Result<std::optional<Writer>> find_writer(const std::string& user, const std::string& for_root) {
  const auto account = find_account(user);
  if (!account) return account.error();
  if (!*account) return std::optional<Writer>();
  if ((*account)->uid != 0) return std::optional<Writer>({**account, (*account)->uid});
  const auto other = find_account(for_root);
  if (!other) return other.error();
  if (!*other || (*other)->uid == 0) return Error::transient("this host has no user " + for_root + ", who writes the mail of root");
  return std::optional<Writer>({**account, (*other)->uid});
}

}  // namespace

bool set_watchdog(time_t seconds) {
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGKILL;
  timer_t timer{};
  const itimerspec once{{0, 0}, {seconds, 0}};
  return ::timer_create(CLOCK_BOOTTIME, &event, &timer) == 0 && ::timer_settime(timer, 0, &once, nullptr) == 0;
}

Reply serve(int socket, const ServeRules& rules) {
  if (!may_ask(socket, rules.peer)) return deferred("mxpress-deliver serves " + rules.peer + " and root alone");
  const auto packet = receive(socket);
  const auto request = packet ? parse_request(packet->text) : std::nullopt;
  if (!request) return deferred("mxpress-deliver does not understand the request: is it of another version than mxpressd?");
  if (request->forwarding == Forwarding::alone && !set_watchdog(kLongestReading))
    return deferred(std::string("cannot set a timer: ") + std::strerror(errno));
  if (!is_content(packet->content.get(), *request)) return deferred("mxpress-deliver got no content that it may read");
  const auto writer = find_writer(request->user, rules.for_root);
  if (!writer) return deferred(writer.error().message);
  if (!*writer) return {Reply::Kind::no_such_user, "this host has no user " + request->user};
  const UserLock lock(rules.users, (*writer)->account.uid);
  if (!lock.is_held()) return deferred("an earlier delivery to " + request->user + " has not ended");
  if (const Status status = become((*writer)->uid); !status) return deferred(status.error().message);
  return deliver_as_user(*request, (*writer)->account, rules.folder, packet->content.get());
}

}  // namespace mxpress::mta::mailstore
