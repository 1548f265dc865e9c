// The log: builds lines, and writes them on a thread of its own.
#include "mta/host/log.h"

#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <mutex>
#include <thread>

#include "dns/async.h"
#include "proto/printable.h"

namespace mxpress::mta {
namespace {

constexpr std::size_t kMaxValue = 1000;    // octets of one value...
constexpr std::size_t kMaxLine = 3800;     // ...and of a line; with what goes around it, below PIPE_BUF: a pipe takes lines whole
constexpr std::size_t kMaxQueue = 10'000;  // lines that wait for the writer
constexpr auto kStopWait = std::chrono::seconds(2);

struct Entry {
  Priority priority;
  WallTime time;
  std::string text;
};

// Whoever logs touches only `mutex`, and never for longer than a push. The writer works without it.
struct Log {
  std::mutex mutex;
  std::condition_variable wake, ended;
  std::deque<Entry> waiting;
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

// RFC 3339 in UTC, milliseconds.
std::string timestamp(WallTime time) {
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const std::time_t value = seconds.count();
  std::tm parts{};
  ::gmtime_r(&value, &parts);
  char text[64];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + length, sizeof text - length, ".%03dZ", static_cast<int>((since_epoch - seconds).count()));
  return text;
}

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

// A socket (the journal's) may have room for less than the line: then it is the kernel that waits, or the line is cut.
// False: there was no room, and somebody wants to stop.
bool write_to_stderr(const std::string& text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    if (!wait_for_room()) return false;
    ssize_t written = ::send(STDERR_FILENO, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (written < 0 && errno == ENOTSOCK) written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written < 0 && errno != EAGAIN && errno != EINTR) return true;  // nobody is left to tell
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string line_of(const Entry& entry, bool journal) {
  if (journal) return "<" + std::to_string(static_cast<int>(entry.priority)) + ">" + entry.text + "\n";
  return timestamp(entry.time) + " " + std::string(name_of(entry.priority)) + " " + entry.text + "\n";
}

Entry dropped_entry(std::uint64_t count) {
  const LogLine line = LogLine(Priority::warning, "log-lines-lost")
                           .add("count", static_cast<std::int64_t>(count))
                           .add("why", "the log was slower than we are");
  return {line.priority(), Clock::current().wall(), line.text()};
}

// False: given up, because somebody wants to stop.
bool write_batch(std::deque<Entry> batch, std::uint64_t dropped, LogTarget target, bool journal) {
  if (dropped > 0) batch.push_back(dropped_entry(dropped));
  std::string together;
  for (const Entry& entry : batch) {
    if (target == LogTarget::syslog) {
      ::syslog(LOG_MAIL | static_cast<int>(entry.priority), "%s", entry.text.c_str());
      continue;
    }
    const std::string line = line_of(entry, journal);
    if (together.size() + line.size() > PIPE_BUF && !write_to_stderr(std::exchange(together, {}))) return false;
    together += line;
  }
  return write_to_stderr(together);
}

void run_writer(LogTarget target) {
  if (target == LogTarget::syslog) ::openlog("mxpressd", LOG_PID | LOG_NDELAY, LOG_MAIL);
  const bool journal = stderr_is_the_journal();
  Log& state = the_log();
  std::unique_lock lock(state.mutex);
  for (;;) {
    state.wake.wait(lock, [&] { return state.stopping || !state.waiting.empty(); });
    if (state.waiting.empty()) break;
    std::deque<Entry> batch = std::exchange(state.waiting, {});
    const std::uint64_t dropped = std::exchange(state.dropped, 0);
    lock.unlock();
    const bool goes_on = write_batch(std::move(batch), dropped, target, journal);
    lock.lock();
    if (!goes_on) break;
  }
  state.waiting.clear();
  state.dropped = 0;
  state.running = false;
  state.ended.notify_all();
}

bool needs_quotes(std::string_view value) { return value.empty() || value.find_first_of(" \"\\=") != value.npos; }

std::string shown(std::string_view value) {
  const std::string text = proto::printable(value, kMaxValue);
  if (!needs_quotes(text)) return text;
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result.push_back('\\');
    result.push_back(c);
  }
  return result + "\"";
}

}  // namespace

LogLine::LogLine(Priority priority, std::string_view event) : priority_(priority), text_(proto::printable(event, kMaxValue)) {}

LogLine::LogLine(Priority priority, proto::QueueId id, std::string_view event)
    : priority_(priority), text_(id.to_string() + " " + proto::printable(event, kMaxValue)) {}

LogLine& LogLine::add(std::string_view key, std::string_view value) {
  const std::string addition = " " + std::string(key) + "=" + shown(value);
  if (text_.size() + addition.size() <= kMaxLine) text_ += addition;
  return *this;
}

LogLine& LogLine::add(std::string_view key, std::int64_t value) { return add(key, std::string_view(std::to_string(value))); }

LogLine& LogLine::add(std::string_view key, Duration value) {
  char text[32];
  const auto count = static_cast<long long>(value.count());
  std::snprintf(text, sizeof text, "%s%lld.%03lld", count < 0 ? "-" : "", std::abs(count) / 1000, std::abs(count) % 1000);
  return add(key, std::string_view(text));
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
    if (state.waiting.size() > 1) return;  // the writer has been woken already
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
