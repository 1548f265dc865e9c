// Checks the peer and the request, becomes the user, delivers.
#include "mta/mailstore/serve.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>

#include "mta/mailstore/account.h"
#include "mta/mailstore/delivery.h"
#include "mta/system/received_packet.h"

namespace mxpress::mta::mailstore {
namespace {

constexpr int kTries = 100;  // to lock a user: half a second in all

Reply deferred(std::string why) { return {Reply::Kind::deferred, std::move(why)}; }

// Uses the kernel's credentials of the peer.
bool may_ask(int socket, const std::string& peer) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || size != sizeof who) return false;
  if (who.uid == 0) return true;
  const auto account = find_account(peer);
  return account && *account && (*account)->uid == who.uid;
}

// True if it has as many octets as the request says.
bool is_content(int file, const Request& request) {
  struct stat found{};
  if (!system::is_readable_content(file) || ::fstat(file, &found) != 0) return false;
  return request.offset <= found.st_size && request.size <= found.st_size - request.offset;
}

// There is one delivery at a time for each user, even if it cannot be ended: a file system of the user's own (FUSE) that does not answer
// outlasts SIGKILL. The lock ends with the process at the latest. It is waited for, because mail to somebody else may lead to the user as
// well, so that his ~/.forward is being read.
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

// The owner of the mail, and the user who writes it: root's is written by `for_root`, whose group mail may write /var/mail/root.
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
  const auto packet = system::receive_packet(socket, kMaxRequest);
  const auto request = packet ? parse_request(packet->text) : std::nullopt;
  if (!request) return deferred("mxpress-deliver does not understand the request: is it of another version than mxpressd?");
  if (request->forwarding == Forwarding::alone && !set_watchdog(kLongestReading))
    return deferred(std::string("cannot set a timer: ") + std::strerror(errno));
  if (!is_content(packet->file.get(), *request)) return deferred("mxpress-deliver got no content that it may read");
  const auto writer = find_writer(request->user, rules.for_root);
  if (!writer) return deferred(writer.error().message);
  if (!*writer) return {Reply::Kind::no_such_user, "this host has no user " + request->user};
  const UserLock lock(rules.users, (*writer)->account.uid);
  if (!lock.is_held()) return deferred("an earlier delivery to " + request->user + " has not ended");
  if (const Status status = become((*writer)->uid); !status) return deferred(status.error().message);
  return deliver_as_user(*request, (*writer)->account, rules.folder, packet->file.get());
}

}  // namespace mxpress::mta::mailstore
