// Writes lines, and waits for room if necessary.
#include "mta/system/log_outlet.h"

#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>

namespace mxpress::mta {
namespace {

constexpr std::size_t kMaxTogether = 64u << 10;  // octets written at once if that may exceed PIPE_BUF
constexpr std::size_t kMaxAround = 64;           // octets of time, priority and line end

// systemd names the stream that it connected to stderr, see systemd.exec(5).
bool stderr_is_the_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status{};
  if (!stream || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return std::string(stream) == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

char digit(int value) { return static_cast<char>('0' + value); }

}  // namespace

void LogStamp::append(std::string& out, WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  if (text_.empty() || seconds != seconds_) write(seconds_ = seconds);
  const auto rest = static_cast<int>((time - seconds).count());
  const char milliseconds[] = {'.', digit(rest / 100), digit(rest / 10 % 10), digit(rest % 10), 'Z'};
  out.append(text_).append(milliseconds, sizeof milliseconds);
}

void LogStamp::write(std::chrono::sys_seconds seconds) {
  const std::time_t value = seconds.time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&value, &parts);
  char text[64];
  text_.assign(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts));
}

LogOutlet::LogOutlet(LogTarget target, std::function<bool()> is_stopping)
    : target_(target),
      is_stopping_(std::move(is_stopping)),
      journal_(stderr_is_the_journal()),
      kind_(kind_of_stderr()),
      most_(kind_ == Kind::other ? PIPE_BUF : kMaxTogether) {
  if (target == LogTarget::syslog) ::openlog("mxpressd", LOG_PID | LOG_NDELAY, LOG_MAIL);
}

LogOutlet::Kind LogOutlet::kind_of_stderr() {
  struct stat status{};
  if (::fstat(STDERR_FILENO, &status) != 0) return Kind::other;
  return S_ISREG(status.st_mode) ? Kind::file : S_ISSOCK(status.st_mode) ? Kind::socket : Kind::other;
}

bool LogOutlet::write(const std::vector<LogEntry>& batch) {
  for (const LogEntry& entry : batch)
    if (!write(entry)) return false;
  return flush();
}

bool LogOutlet::write(const LogEntry& entry) {
  if (target_ == LogTarget::syslog) {
    ::syslog(LOG_MAIL | static_cast<int>(entry.priority), "%s", entry.text.c_str());
    return true;
  }
  if (together_.size() + entry.text.size() + kMaxAround > most_ && !flush()) return false;
  if (journal_) {
    together_.append("<").append(std::to_string(static_cast<int>(entry.priority))).append(">");
  } else {
    stamp_.append(together_, entry.time);
    together_.append(" ").append(name_of(entry.priority)).append(" ");
  }
  together_.append(entry.text).append("\n");
  return true;
}

bool LogOutlet::flush() {
  const bool done = write_to_stderr(together_);
  together_.clear();
  return done;
}

// A file always has room; a socket (the journal's) reports when it has none; others are polled first. A socket may have
// less room than the line needs: then the kernel waits, or the line is cut. False: there was no room, and a stop is
// requested.
bool LogOutlet::write_to_stderr(std::string_view rest) {
  bool ask = kind_ == Kind::other;
  while (!rest.empty()) {
    if (ask && !wait_for_room()) return false;
    const ssize_t written = kind_ == Kind::socket ? ::send(STDERR_FILENO, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                                  : ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno != EAGAIN && errno != EINTR) return true;  // there is no reader any more
    ask = ask || written < 0;
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Waits for room until a stop is requested, and then a little longer.
bool LogOutlet::wait_for_room() {
  pollfd descriptor{STDERR_FILENO, POLLOUT, 0};
  for (;;) {
    const bool last_try = is_stopping_();
    const int ready = ::poll(&descriptor, 1, 200);
    if (ready > 0) return true;
    if ((ready < 0 && errno != EINTR) || last_try) return false;
  }
}

}  // namespace mxpress::mta
