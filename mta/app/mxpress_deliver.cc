// mxpress-deliver: appends mail to the mailboxes of users, for mxpressd. The only program of mxpress that becomes another user.
// docs/mxpress-deliver.8
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "mta/mailstore/account.h"
#include "mta/mailstore/serve.h"
#include "mta/system/descriptor.h"
#include "proto/sysexits.h"

namespace {

using namespace mxpress;
using mta::mailstore::Reply;
using mta::mailstore::ServeRules;
using mta::system::Descriptor;

constexpr std::size_t kMostChildren = 8;
constexpr std::size_t kMostStuck = 12;  // children that survive SIGKILL: one per user. TasksMax= of the unit has room for both.
constexpr time_t kLongest = 60;         // seconds of one delivery, unless --limit says otherwise
constexpr time_t kGrace = 2;            // seconds after SIGKILL until a child counts as stuck
constexpr int kLookAgain = 1000;        // milliseconds
constexpr int kFirstPassed = 3;         // SD_LISTEN_FDS_START: sd_listen_fds(3)
constexpr int kBacklog = 64;

int refuse(const std::string& why) {
  std::fprintf(stderr, "mxpress-deliver: %s\n", why.c_str());
  return 1;
}

std::string words(const char* what) { return std::string("cannot ") + what + ": " + std::strerror(errno); }

bool is_activated() {
  const char *pid = std::getenv("LISTEN_PID"), *count = std::getenv("LISTEN_FDS");
  return pid && count && std::to_string(::getpid()) == pid && std::string_view(count) == "1";
}

// Only the peer and root may connect, so that nobody else can fill the backlog. Each child also asks the kernel who has connected.
Descriptor listen_at(const std::string& path, uid_t peer) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return errno = ENAMETOOLONG, Descriptor();
  std::memcpy(address.sun_path, path.data(), path.size());
  Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  struct stat found{};
  if (::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode)) ::unlink(path.c_str());
  const mode_t before = ::umask(0177);
  const bool is_bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::umask(before);
  return is_bound && ::lchown(path.c_str(), peer, static_cast<gid_t>(-1)) == 0 && ::listen(socket.get(), kBacklog) == 0 ? std::move(socket)
                                                                                                                        : Descriptor();
}

// Keeps two of root's rights: to change the user and the group.
bool keep_two_rights() {
  for (unsigned long right = 0; ::prctl(PR_CAPBSET_READ, right, 0, 0, 0) >= 0; ++right)
    if (right != CAP_SETUID && right != CAP_SETGID) ::prctl(PR_CAPBSET_DROP, right, 0, 0, 0);
  constexpr __u32 kBoth = (1u << CAP_SETUID) | (1u << CAP_SETGID);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{kBoth, kBoth, 0}};
  const rlimit none{0, 0};
  return ::syscall(SYS_capset, &header, sets) == 0 && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::setrlimit(RLIMIT_CORE, &none) == 0 && ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

void answer(int socket, const Reply& reply) {
  const std::string packet = mta::mailstore::format_reply(reply);
  (void)!::send(socket, packet.data(), packet.size(), MSG_NOSIGNAL);
}

struct Options {
  std::optional<std::string> socket;
  time_t longest = kLongest;
  ServeRules rules;
};

[[noreturn]] void be_child(const Descriptor& socket, const Options& options) {
  ::signal(SIGXFSZ, SIG_IGN);
  answer(socket.get(), mta::mailstore::set_watchdog(options.longest) ? mta::mailstore::serve(socket.get(), options.rules)
                                                                     : Reply{Reply::Kind::deferred, words("set a timer")});
  ::_exit(0);
}

time_t seconds_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec;
}

// The children and their connections. A child that outlives its timer waits for a file system that does not answer (FUSE): it takes no
// place of others.
class Children {
 public:
  explicit Children(const Options& options) : options_(options) {}

  bool has_room() const { return active() < kMostChildren && children_.size() < kMostChildren + kMostStuck; }
  // True if a child may still end.
  bool are_active() const { return active() > 0; }
  bool is_empty() const { return children_.empty(); }

  void start(Descriptor socket) {
    const pid_t child = ::fork();
    if (child == 0) be_child(socket, options_);
    if (child < 0) return answer(socket.get(), {Reply::Kind::deferred, words("start a process")});
    children_.emplace(child, Child{std::move(socket), seconds_since_boot()});
  }
  // Sends a reply for a child that has ended without one.
  void reap() {
    int status = 0;
    for (pid_t child; (child = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto found = children_.find(child);
      if (found == children_.end()) continue;
      if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) tell(found->second.socket.get(), status);
      children_.erase(found);
    }
  }

 private:
  struct Child {
    Descriptor socket;
    time_t start;
  };

  std::size_t active() const {
    const time_t now = seconds_since_boot();
    const auto is_active = [&](const auto& child) { return now - child.second.start <= options_.longest + kGrace; };
    return static_cast<std::size_t>(std::count_if(children_.begin(), children_.end(), is_active));
  }
  void tell(int socket, int status) const {
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const std::string hint = " (it may take " + std::to_string(options_.longest) + " s, to read a ~/.forward that another one leads to " +
                             std::to_string(mta::mailstore::kLongestReading) + " s: does the file system or the name service answer?)";
    const std::string why =
        "the delivery ended by signal " + std::to_string(signal) + " before it was done" + (signal == SIGKILL ? hint : std::string());
    (void)refuse(why);
    answer(socket, {Reply::Kind::deferred, why});
  }

  const Options& options_;
  std::map<pid_t, Child> children_;
};

// Runs until SIGTERM; deliveries in progress are completed.
int serve_all(const Descriptor& listener, const Descriptor& signals, const Options& options) {
  Children children(options);
  for (bool stops = false; !stops || children.are_active();) {
    pollfd waits[] = {{signals.get(), POLLIN, 0}, {stops || !children.has_room() ? -1 : listener.get(), POLLIN, 0}};
    if (::poll(waits, 2, children.is_empty() ? -1 : kLookAgain) < 0 && errno != EINTR) return refuse(words("wait"));
    if (waits[0].revents & POLLIN) {
      signalfd_siginfo signal{};
      if (::read(signals.get(), &signal, sizeof signal) == sizeof signal && signal.ssi_signo != SIGCHLD) stops = true;
      children.reap();
    }
    if (waits[1].revents == 0) continue;
    Descriptor socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.is_open()) children.start(std::move(socket));
  }
  return 0;
}

// Blocked in the children, too, so that stopping the program does not interrupt a delivery.
Descriptor watch_signals() {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT}) ::sigaddset(&wanted, signal);
  ::sigprocmask(SIG_BLOCK, &wanted, nullptr);
  return Descriptor(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
}

int run(Options options) {
  if (::geteuid() != 0) return refuse("must be started as root: it becomes the user whose mail it delivers");
  const bool activated = !options.socket && is_activated();
  ::syscall(SYS_close_range, activated ? kFirstPassed + 1u : kFirstPassed + 0u, ~0u, 0u);
  const auto peer = mta::mailstore::find_account(options.rules.peer);
  if (!peer || !*peer) return refuse(peer ? "this host has no user " + options.rules.peer + " (--user)" : peer.error().message);
  const std::string path = options.socket.value_or("/run/mxpress/deliver.sock");
  const Descriptor listener = activated ? Descriptor(kFirstPassed) : listen_at(path, (*peer)->uid);
  if (!listener.is_open()) return refuse(words("listen"));
  ::fcntl(listener.get(), F_SETFD, FD_CLOEXEC);
  ::fcntl(listener.get(), F_SETFL, O_NONBLOCK);
  if (::chdir("/") != 0 || !keep_two_rights()) return refuse(words("give up rights"));
  ::umask(077);
  const Descriptor signals = watch_signals(), users(::memfd_create("mxpress-users", MFD_CLOEXEC));
  if (!signals.is_open() || !users.is_open()) return refuse(words("wait for signals"));
  options.rules.users = users.get();
  return serve_all(listener, signals, options);
}

constexpr const char* kHelp =
    "mxpress-deliver: appends mail to the mailboxes of this host's users, for mxpressd. systemd starts it by its socket.\n"
    "Options:\n"
    "  --socket PATH   where to listen (default: the socket that systemd passes, else /run/mxpress/deliver.sock)\n"
    "  --user NAME     whom to serve beside root (default mxpress)\n"
    "  --limit SECONDS how long one delivery may take (default 60)\n"
    "  --version       print the version\n"
    "  --help          print this text\n";

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--help" || option == "-h") return std::fputs(kHelp, stdout), 0;
    if (option == "--version") return std::puts("mxpress-deliver " MXPRESS_VERSION), 0;
    if (option == "--socket" && i + 1 < argc)
      options.socket = argv[++i];
    else if (option == "--user" && i + 1 < argc)
      options.rules.peer = argv[++i];
    else if (option == "--limit" && i + 1 < argc && std::atol(argv[i + 1]) > 0)
      options.longest = std::atol(argv[++i]);
    else
      return refuse(std::string(option) + " is no option (see mxpress-deliver --help)"), static_cast<int>(proto::ExitCode::usage);
  }
  return run(options);
}
