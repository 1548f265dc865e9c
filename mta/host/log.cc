// The log: builds lines, and writes them on a thread of its own.
#include "mta/host/log.h"

#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "dns/async.h"
#include "proto/printable.h"

namespace mxpress::mta {
namespace {

constexpr std::size_t kMaxValue = 1000;          // octets of one value...
constexpr std::size_t kMaxLine = 3800;           // ...and of a line; with what goes around it, below PIPE_BUF: a pipe takes lines whole
constexpr std::size_t kUsualLine = 300;          // octets
constexpr std::size_t kMaxQueue = 10'000;        // lines that wait for the writer
constexpr std::size_t kMaxTogether = 64u << 10;  // octets that are written at once where that may be more than PIPE_BUF
constexpr auto kStopWait = std::chrono::seconds(2);
constexpr auto kGather = std::chrono::milliseconds(10);  // between two writes: lines that come one by one are written together

struct Entry {
  Priority priority;
  WallTime time;
  std::string text;
};

// Whoever logs touches only `mutex`, and never for longer than a push. The writer works without it.
struct Log {
  std::mutex mutex;
  std::condition_variable wake, ended;
  std::vector<Entry> waiting;
  bool gathering = false;  // the writer looks again by itself
  std::uint64_t dropped = 0;
  bool stopping = false, running = false;
  void (*sink)(const LogLine&, void*) = nullptr;
  void* sink_context = nullptr;
  std::thread writer;
};

// Never destroyed: a writer that is stuck at exit may still look at it.
Log& the_log() {
  static Log* log = new Log;
  return *log;
}

// systemd names the stream that it connected to stderr, see systemd.exec(5).
bool stderr_is_the_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status{};
  if (!stream || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return std::string(stream) == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

std::string_view name_of(Priority priority) {
  switch (priority) {
    case Priority::alert:
      return "alert";
    case Priority::error:
      return "error";
    case Priority::warning:
      return "warning";
    case Priority::notice:
      return "notice";
    case Priority::info:
      return "info";
    case Priority::debug:
      return "debug";
  }
  return "info";
}

// RFC 3339 in UTC, milliseconds. Lines of one second share all but those.
class Stamp {
 public:
  void append(std::string& out, WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    if (text_.empty() || seconds != seconds_) write(seconds_ = seconds);
    const auto rest = static_cast<int>((time - seconds).count());
    const char milliseconds[] = {'.', digit(rest / 100), digit(rest / 10 % 10), digit(rest % 10), 'Z'};
    out.append(text_).append(milliseconds, sizeof milliseconds);
  }

 private:
  static char digit(int value) { return static_cast<char>('0' + value); }
  void write(std::chrono::sys_seconds seconds) {
    const std::time_t value = seconds.time_since_epoch().count();
    std::tm parts{};
    ::gmtime_r(&value, &parts);
    char text[64];
    text_.assign(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts));
  }
  std::chrono::sys_seconds seconds_{};
  std::string text_;
};

bool is_stopping() {
  std::lock_guard lock(the_log().mutex);
  return the_log().stopping;
}

// Waits for room as long as nobody wants to stop; then a little.
bool wait_for_room() {
  pollfd descriptor{STDERR_FILENO, POLLOUT, 0};
  for (;;) {
    const bool last_try = is_stopping();
    const int ready = ::poll(&descriptor, 1, 200);
    if (ready > 0) return true;
    if ((ready < 0 && errno != EINTR) || last_try) return false;
  }
}

enum class Outlet { file, socket, other };

Outlet outlet_of_stderr() {
  struct stat status{};
  if (::fstat(STDERR_FILENO, &status) != 0) return Outlet::other;
  return S_ISREG(status.st_mode) ? Outlet::file : S_ISSOCK(status.st_mode) ? Outlet::socket : Outlet::other;
}

// A file always has room, a socket (the journal's) says when it has none, all else is asked first. A socket may have room for less than the
// line: then it is the kernel that waits, or the line is cut.
// False: there was no room, and somebody wants to stop.
bool write_to_stderr(const std::string& text, Outlet outlet) {
  std::string_view rest = text;
  bool ask = outlet == Outlet::other;
  while (!rest.empty()) {
    if (ask && !wait_for_room()) return false;
    const ssize_t written = outlet == Outlet::socket ? ::send(STDERR_FILENO, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                                     : ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno != EAGAIN && errno != EINTR) return true;  // nobody is left to tell
    ask = ask || written < 0;
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Entry dropped_entry(std::uint64_t count) {
  const LogLine line = LogLine(Priority::warning, "log-lines-lost")
                           .add("count", static_cast<std::int64_t>(count))
                           .add("why", "the log was slower than we are");
  return {line.priority(), Clock::current().wall(), line.text()};
}

// Where the lines go, and what is gathered for it.
class Writer {
 public:
  explicit Writer(LogTarget target)
      : target_(target),
        journal_(stderr_is_the_journal()),
        outlet_(outlet_of_stderr()),
        most_(outlet_ == Outlet::other ? PIPE_BUF : kMaxTogether) {}

  // False: given up, because somebody wants to stop.
  bool write(const std::vector<Entry>& batch) {
    for (const Entry& entry : batch)
      if (!write(entry)) return false;
    return flush();
  }

 private:
  static constexpr std::size_t kMaxAround = 64;  // octets of time, priority and line end

  bool write(const Entry& entry) {
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

  bool flush() {
    const bool done = write_to_stderr(together_, outlet_);
    together_.clear();
    return done;
  }

  const LogTarget target_;
  const bool journal_;
  const Outlet outlet_;
  const std::size_t most_;
  Stamp stamp_;
  std::string together_;
};

void run_writer(LogTarget target) {
  if (target == LogTarget::syslog) ::openlog("mxpressd", LOG_PID | LOG_NDELAY, LOG_MAIL);
  Log& state = the_log();
  Writer writer(target);
  std::vector<Entry> batch;
  std::unique_lock lock(state.mutex);
  for (;;) {
    state.wake.wait(lock, [&] { return state.stopping || !state.waiting.empty(); });
    if (state.waiting.empty()) break;
    batch.clear();
    batch.swap(state.waiting);
    const std::uint64_t dropped = std::exchange(state.dropped, 0);
    lock.unlock();
    if (dropped > 0) batch.push_back(dropped_entry(dropped));
    const bool goes_on = writer.write(batch);
    lock.lock();
    if (!goes_on) break;
    state.gathering = true;
    state.wake.wait_for(lock, kGather, [&] { return state.stopping; });
    state.gathering = false;
  }
  state.waiting.clear();
  state.dropped = 0;
  state.running = false;
  state.ended.notify_all();
}

// Needs neither cleaning nor quotes.
bool is_plain(std::string_view value) {
  const auto is_plain_octet = [](char c) { return c > ' ' && c < 127 && c != '"' && c != '\\' && c != '='; };
  return !value.empty() && std::all_of(value.begin(), value.end(), is_plain_octet);
}

void append_shown(std::string& out, std::string_view value) {
  if (is_plain(value)) {
    out.append(value.substr(0, kMaxValue));
    return;
  }
  const std::string text = proto::printable(value, kMaxValue);
  if (is_plain(text)) {
    out.append(text);
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

}  // namespace

LogLine::LogLine(Priority priority, std::string_view event) : priority_(priority) {
  text_.reserve(kUsualLine);
  text_.append(proto::printable(event, kMaxValue));
}

LogLine::LogLine(Priority priority, proto::QueueId id, std::string_view event) : priority_(priority) {
  text_.reserve(kUsualLine);
  text_.append(id.to_string()).append(" ").append(proto::printable(event, kMaxValue));
}

LogLine& LogLine::add(std::string_view key, std::string_view value) {
  const std::size_t before = text_.size();
  text_.append(" ").append(key).append("=");
  append_shown(text_, value);
  if (text_.size() > kMaxLine) text_.resize(before);
  return *this;
}

LogLine& LogLine::add(std::string_view key, std::int64_t value) { return add(key, std::string_view(std::to_string(value))); }

LogLine& LogLine::add(std::string_view key, Duration value) {
  const auto count = value.count() < 0 ? -value.count() : value.count();
  const std::string rest = std::to_string(1000 + count % 1000);  // a 1, and three digits
  return add(key, std::string_view((value.count() < 0 ? "-" : "") + std::to_string(count / 1000) + "." + rest.substr(1)));
}

void log(const LogLine& line) {
  Log& state = the_log();
  {
    std::lock_guard lock(state.mutex);
    if (state.sink) return state.sink(line, state.sink_context);
    if (state.waiting.size() >= kMaxQueue) {
      ++state.dropped;
      return;
    }
    state.waiting.push_back({line.priority(), Clock::current().wall(), line.text()});
    if (state.waiting.size() > 1 || state.gathering) return;  // the writer is awake, or will be soon
  }
  state.wake.notify_one();
}

void start_log(LogTarget target) {
  Log& state = the_log();
  std::lock_guard lock(state.mutex);
  if (state.running) return;
  state.running = true;
  state.stopping = false;
  state.writer = std::thread(run_writer, target);
}

void stop_log() {
  Log& state = the_log();
  std::unique_lock lock(state.mutex);
  if (!state.writer.joinable()) return;
  state.stopping = true;
  state.wake.notify_one();
  const bool ended = state.ended.wait_for(lock, kStopWait, [&] { return !state.running; });
  std::thread writer = std::move(state.writer);
  lock.unlock();
  if (ended)
    writer.join();
  else
    writer.detach();  // stuck in a syslog that takes nothing; the process ends without it
}

void capture_log(void (*sink)(const LogLine& line, void* context), void* context) {
  Log& state = the_log();
  std::lock_guard lock(state.mutex);
  state.sink = sink;
  state.sink_context = context;
}

}  // namespace mxpress::mta
